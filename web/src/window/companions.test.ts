import assert from 'node:assert/strict';
import { test } from 'node:test';
import { companions_text, is_year_apart, parse_companions, year_before } from './companions';

test('what stands in the address is what was shown', () => {
  const list = [
    { feed: 'river', back_ms: 0 },
    { feed: 'eling-lake', back_ms: 31_536_000_000 }
  ];
  assert.equal(companions_text(list), 'river,eling-lake~31536000');
  assert.deepEqual(parse_companions('river,eling-lake~31536000'), list);
});

test('an address made by hand gives at most four pictures, and nothing wrong', () => {
  assert.deepEqual(parse_companions(null), []);
  assert.equal(parse_companions('a,b,c,d,e').length, 3);
  assert.deepEqual(parse_companions(',~5,a~x,b'), [{ feed: 'b', back_ms: 0 }]);
});

test('a year ago is the same local time, across clock changes and leap days', () => {
  const iso = (text: string, zone: string) =>
    new Date(year_before(Date.parse(text), zone)).toISOString();
  assert.equal(iso('2026-11-20T08:30:00.500Z', 'Asia/Shanghai'), '2025-11-20T08:30:00.500Z');
  assert.equal(iso('2024-02-29T04:00:00Z', 'Asia/Shanghai'), '2023-02-28T04:00:00.000Z');
  // Summer time began on 29 March 2026 and on 30 March 2025.
  assert.equal(iso('2026-03-29T10:00:00Z', 'Europe/Berlin'), '2025-03-29T11:00:00.000Z');
  const at = Date.parse('2026-11-20T08:30:00Z');
  assert.ok(is_year_apart(at, 365 * 86_400_000, 'Asia/Shanghai'));
  assert.ok(!is_year_apart(at, 3 * 86_400_000, 'Asia/Shanghai'));
});
