import assert from 'node:assert/strict';
import { test } from 'node:test';
import { in_step } from './in_step';

test('pictures are pulled together, and one that is ahead waits', () => {
  assert.deepEqual(in_step(5, 1), { rate: 1, seek: false });
  assert.ok(in_step(100, 1).rate > 1 && in_step(100, 1).rate <= 1.2);
  assert.ok(in_step(-100, 2).rate < 2 && in_step(-100, 2).rate >= 1.6);
  assert.deepEqual(in_step(5000, 1), { rate: 1, seek: true });
  assert.deepEqual(in_step(-5000, 1), { rate: 0, seek: false });
});
