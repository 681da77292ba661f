import { test } from 'node:test';
import assert from 'node:assert/strict';
import { stretch_at, type Stretch } from './spans';
import { sky_colour } from './sky_colour';

const list: Stretch[] = [
  { start_ms: 0, end_ms: 10_000, recorded: true, reason: 'none' },
  { start_ms: 10_000, end_ms: 60_000, recorded: false, reason: 'link_down' },
  { start_ms: 60_000, end_ms: 90_000, recorded: true, reason: 'none' }
];

test('a moment belongs to exactly one stretch', () => {
  assert.equal(stretch_at(list, 10_000)?.reason, 'link_down');
  assert.equal(stretch_at(list, 9_999)?.recorded, true);
  assert.equal(stretch_at(list, 90_000), undefined);
});

test('the sky has a colour at any height of the sun', () => {
  for (const altitude of [-90, -18, -5, 0, 3, 25, 90]) {
    assert.match(sky_colour(altitude), /^rgb\(\d+ \d+ \d+\)$/);
  }
});
