import { test } from 'node:test';
import assert from 'node:assert/strict';
import { spread_of } from './book';

test('a cover lies alone, the rest two and two, and the last as it comes out', () => {
  assert.deepEqual(spread_of(0, 6, true), [0]);
  assert.deepEqual(spread_of(1, 6, true), [1, 2]);
  assert.deepEqual(spread_of(2, 6, true), [1, 2]);
  assert.deepEqual(spread_of(5, 6, true), [5]);
  assert.deepEqual(spread_of(3, 6, false), [3]);
  assert.deepEqual(spread_of(9, 6, false), [5]);
});
