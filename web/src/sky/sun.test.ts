import { test } from 'node:test';
import assert from 'node:assert/strict';
import { light_of, next_crossing, sun_altitude_deg } from './sun';

const near = (a: number, b: number, by: number) =>
  assert.ok(Math.abs(a - b) <= by, `${a} is not within ${by} of ${b}`);

test('noon at Greenwich at the equinox: the sun stands at 90 degrees less the latitude', () => {
  near(sun_altitude_deg(Date.parse('2026-03-20T12:07:30Z'), 51.4779, 0), 38.5, 0.2);
});

test('midsummer noon on the tropic is overhead', () => {
  near(sun_altitude_deg(Date.parse('2026-06-21T12:01:50Z'), 23.436, 0), 90, 0.3);
});

test('sunrise in Boulder as the United States Naval Observatory gives it', () => {
  // 2025-06-21, 40.01 N 105.27 W: rise 05:32 MDT, set 20:32 MDT.
  const rise = next_crossing(Date.parse('2025-06-21T08:00:00Z'), 40.01, -105.27);
  assert.equal(rise?.rises, true);
  near(rise!.at_ms, Date.parse('2025-06-21T11:32:00Z'), 90_000);
  const set = next_crossing(rise!.at_ms + 60_000, 40.01, -105.27);
  assert.equal(set?.rises, false);
  near(set!.at_ms, Date.parse('2025-06-22T02:32:00Z'), 90_000);
});

test('in the polar night nothing rises', () => {
  assert.equal(next_crossing(Date.parse('2026-12-21T00:00:00Z'), 80, 0), undefined);
});

test('words for the light', () => {
  assert.deepEqual([40, 3, -3, -20].map(light_of), ['day', 'low', 'twilight', 'night']);
});
