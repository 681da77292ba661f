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

test('on the equator at the equinox the day is twelve hours and the two rims of the sun long', () => {
  const rise = next_crossing(Date.parse('2026-03-20T02:00:00Z'), 0, 0);
  const set = next_crossing(rise!.at_ms + 60_000, 0, 0);
  assert.deepEqual([rise?.rises, set?.rises], [true, false]);
  // 180 degrees and twice 0.833, at four minutes a degree.
  near((set!.at_ms - rise!.at_ms) / 60_000, 720 + 8 * 0.833, 0.5);
});

test('at a crossing the centre of the sun stands 50 minutes of arc under the horizon', () => {
  const crossing = next_crossing(Date.parse('2026-11-20T08:00:00Z'), 36.9, 100.15);
  assert.equal(crossing?.rises, false);
  near(sun_altitude_deg(crossing!.at_ms, 36.9, 100.15), -0.833, 0.01);
});

test('in the polar night nothing rises', () => {
  assert.equal(next_crossing(Date.parse('2026-12-21T00:00:00Z'), 80, 0), undefined);
});

test('words for the light', () => {
  assert.deepEqual([40, 3, -3, -20].map(light_of), ['day', 'low', 'twilight', 'night']);
});
