import { test } from 'node:test';
import assert from 'node:assert/strict';
import { moment_of, position_of, stretches_of } from './past';

// Two segments, ten minutes missing, one more.
const stretches = stretches_of([
  { start: 0, duration: 4, programDateTime: 1_000_000 },
  { start: 4, duration: 4, programDateTime: null },
  { start: 8, duration: 4, programDateTime: 1_608_000 }
] as Parameters<typeof stretches_of>[0]);

test('a moment lies where its segment lies', () => {
  assert.equal(position_of(stretches, 1_002_500), 2.5);
  assert.equal(position_of(stretches, 1_005_000), 5);
  assert.equal(position_of(stretches, 1_609_000), 9);
});

test('a moment in a gap leads to where the picture comes back', () => {
  assert.equal(position_of(stretches, 1_300_000), 8);
});

test('a moment outside the playlist has no position', () => {
  assert.equal(position_of(stretches, 900_000), undefined);
  assert.equal(position_of(stretches, 2_000_000), undefined);
  assert.equal(position_of([], 0), undefined);
});

test('a position says its moment, across the gap', () => {
  assert.equal(moment_of(stretches, 7), 1_007_000);
  assert.equal(moment_of(stretches, 8), 1_608_000);
  assert.equal(moment_of([], 8), undefined);
});
