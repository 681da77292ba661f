import { test } from 'node:test';
import assert from 'node:assert/strict';
import { address_text, parse_address } from './address';

test('a link to a moment is read to the millisecond', () => {
  const read = parse_address('?feed=eling-lake&at=2026-11-20T08:00:00.125Z');
  assert.deepEqual(read, { feed: 'eling-lake', at_ms: Date.parse('2026-11-20T08:00:00.125Z') });
});

test('a time that is none is the present', () => {
  assert.equal(parse_address('?feed=a&at=yesterday').at_ms, undefined);
});

test('what is written is what is read, and other words of the address stay', () => {
  const text = address_text('?lang=zh', { feed: 'a', at_ms: 0 });
  assert.equal(text, '?lang=zh&feed=a&at=1970-01-01T00:00:00.000Z');
  assert.deepEqual(parse_address(text), { feed: 'a', at_ms: 0 });
  assert.equal(address_text(text, { feed: 'b' }), '?lang=zh&feed=b');
});
