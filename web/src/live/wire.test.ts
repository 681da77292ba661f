import { test } from 'node:test';
import assert from 'node:assert/strict';
import { parse_binary, parse_text } from './wire';

function part(flags: number, body = 8): ArrayBuffer {
  const buffer = new ArrayBuffer(36 + body);
  const view = new DataView(buffer);
  view.setUint8(0, 2);
  view.setUint8(1, 5);
  view.setUint8(2, flags);
  view.setBigUint64(4, 812n);
  view.setUint32(12, 40);
  view.setBigInt64(16, 1_795_190_400_123_000n);
  view.setBigInt64(24, 90_000n * 7n);
  view.setUint32(32, 30_000);
  return buffer;
}

test('a part is read with its numbers and flags', () => {
  const read = parse_binary(part(1 | 4));
  assert.equal(read?.kind, 'part');
  if (read?.kind !== 'part') return;
  assert.equal(read.slot, 5);
  assert.equal(read.independent, true);
  assert.equal(read.skipped, false);
  assert.equal(read.new_run, true);
  assert.equal(read.recording, 812);
  assert.equal(read.number, 40);
  assert.equal(read.utc_ms, 1_795_190_400_123);
  assert.equal(read.media_s, 7);
  assert.ok(Math.abs(read.duration_s - 1 / 3) < 1e-9);
  assert.equal(read.bytes.byteLength, 8);
});

test('an init is read with its text and its bytes', () => {
  const text = new TextEncoder().encode(
    JSON.stringify({ mime: 'video/mp4; codecs="avc1.640028"', rendition: 'sub', run: 17 })
  );
  const message = new Uint8Array(4 + text.length + 3);
  message.set([1, 2, text.length >> 8, text.length & 255]);
  message.set(text, 4);
  const read = parse_binary(message.buffer);
  assert.equal(read?.kind, 'init');
  if (read?.kind !== 'init') return;
  assert.equal(read.slot, 2);
  assert.equal(read.rendition, 'sub');
  assert.equal(read.run, 17);
  assert.equal(read.bytes.byteLength, 3);
});

test('torn, empty and unknown messages are refused', () => {
  assert.equal(parse_binary(new ArrayBuffer(0)), undefined);
  assert.equal(parse_binary(part(1, 0)), undefined);
  assert.equal(parse_binary(new Uint8Array([1, 0, 255, 255, 1]).buffer), undefined);
  assert.equal(parse_binary(new Uint8Array([9, 0, 0, 0, 1]).buffer), undefined);
  assert.equal(parse_text('{'), undefined);
  assert.equal(parse_text('{"other":1}'), undefined);
});
