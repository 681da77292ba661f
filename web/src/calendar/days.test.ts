import assert from 'node:assert/strict';
import { test } from 'node:test';
import { day_paint, days_of, month_dates, shares, totals, type DayCover } from './days';

const kHour = 3_600_000;
const item = (start: string, recorded_ms: number, missing_ms: Record<string, number> = {}) => ({
  start,
  end: start,
  recorded_ms,
  missing_ms
});

test('days are those of the place, and two pieces of one day are one day', () => {
  const days = days_of(
    [
      item('2026-03-01T16:00:00Z', 10 * kHour, { link_down: 14 * kHour }),
      item('2026-03-02T16:00:00Z', kHour),
      item('2026-03-02T20:00:00Z', kHour, { paused: kHour })
    ],
    8 * kHour
  );
  assert.deepEqual([...days.keys()], ['2026-03-02', '2026-03-03']);
  assert.deepEqual(days.get('2026-03-03'), {
    recorded_ms: 2 * kHour,
    missing_ms: { paused: kHour }
  });
});

test('a day is painted from the ground up by its shares', () => {
  const day = { recorded_ms: 12 * kHour, missing_ms: { disk_full: 2 * kHour, silent: 10 * kHour } };
  assert.deepEqual(
    shares(day).map(({ state }) => state),
    ['recorded', 'silent', 'disk_full']
  );
  assert.match(day_paint(day), /^linear-gradient\(to top, #9fd4e6 0\.0% 50\.0%, #f6d28f 50\.0%/);
  assert.equal(day_paint(undefined), 'none');
  assert.equal(day_paint({ recorded_ms: 0, missing_ms: { none: 24 * kHour } }), 'none');
});

test('a minute of loss can still be seen', () => {
  const day = { recorded_ms: 24 * kHour - 60_000, missing_ms: { damaged: 60_000 } };
  assert.match(day_paint(day), /#ff5fa2/);
});

test('what a year is made of is summed by state', () => {
  const days = new Map<string, DayCover>([
    ['2026-01-01', { recorded_ms: kHour, missing_ms: { paused: kHour } }],
    ['2026-01-02', { recorded_ms: kHour, missing_ms: { paused: kHour, withheld: 3 * kHour } }]
  ]);
  assert.deepEqual(totals(days), [
    { state: 'recorded', ms: 2 * kHour },
    { state: 'withheld', ms: 3 * kHour },
    { state: 'paused', ms: 2 * kHour }
  ]);
});

test('months have their own lengths', () => {
  assert.equal(month_dates(2024, 1).length, 29);
  assert.equal(month_dates(2026, 11).length, 31);
});
