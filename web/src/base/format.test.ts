import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  bytes_text,
  day_key,
  day_start_ms,
  duration_text,
  read_local,
  zone_offset_ms
} from './format';

test('the offset of a zone is its own, summer and winter', () => {
  assert.equal(zone_offset_ms(Date.parse('2026-11-20T08:00:00Z'), 'Asia/Shanghai'), 8 * 3600e3);
  assert.equal(zone_offset_ms(Date.parse('2026-07-01T08:00:00.5Z'), 'Europe/Berlin'), 2 * 3600e3);
  assert.equal(zone_offset_ms(Date.parse('2026-12-01T08:00:00Z'), 'Europe/Berlin'), 3600e3);
});

test('a day begins at midnight of its place', () => {
  const at = Date.parse('2026-11-20T18:30:00Z');
  assert.equal(day_start_ms(at, 'Asia/Shanghai'), Date.parse('2026-11-20T16:00:00Z'));
  assert.equal(day_key(at, 'Asia/Shanghai'), '2026-11-21');
});

test('a day on which clocks change still begins at midnight', () => {
  const at = Date.parse('2026-03-29T12:00:00Z');
  assert.equal(day_start_ms(at, 'Europe/Berlin'), Date.parse('2026-03-28T23:00:00Z'));
});

test('a written local time is read in its zone, on the days on which clocks change, too', () => {
  assert.equal(read_local('2026-11-20T08:00', 'Asia/Shanghai'), Date.parse('2026-11-20T00:00Z'));
  assert.equal(read_local('2026-03-29T03:30', 'Europe/Berlin'), Date.parse('2026-03-29T01:30Z'));
  assert.equal(read_local('yesterday', 'Asia/Shanghai'), undefined);
});

test('sizes and spans are short words', () => {
  assert.equal(bytes_text(7_300_000_000, 'en'), '7.3 GB');
  const t = (key: string, v?: Record<string, string | number>) => `${v?.n}${key.slice(5, 6)}`;
  assert.equal(duration_text(12_000, t), '3h 20m');
  assert.equal(duration_text(42, t), '42s');
});
