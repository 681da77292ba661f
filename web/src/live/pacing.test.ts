import { test } from 'node:test';
import assert from 'node:assert/strict';
import { Pacer } from './pacing';

test('near the target it plays at true speed', () => {
  const pacer = new Pacer(0.4);
  for (const ahead of [0.45, 0.7, 0.5, 0.42]) assert.equal(pacer.step(ahead).rate, 1);
});

test('too far behind it hurries a little, never audibly', () => {
  const pacer = new Pacer(0.4);
  let pace = pacer.step(1.2);
  for (let i = 0; i < 6; i++) pace = pacer.step(1.2);
  assert.ok(pace.rate > 1 && pace.rate <= 1.05);
  assert.equal(pace.seek_behind_s, undefined);
});

test('nearly dry it slows down', () => {
  const pacer = new Pacer(0.4);
  const pace = pacer.step(0.05);
  assert.ok(pace.rate < 1 && pace.rate >= 0.97);
});

test('seconds behind it jumps', () => {
  const pacer = new Pacer(0.4);
  const pace = pacer.step(4);
  assert.ok(pace.seek_behind_s !== undefined && pace.seek_behind_s < 1);
});

test('each stall moves the target away from the edge, within a bound, and calm brings it back', () => {
  const pacer = new Pacer(0.4);
  for (let i = 0; i < 50; i++) pacer.stalled();
  const far = pacer.target_s;
  assert.ok(far > 1 && far <= 1.8);
  for (let i = 0; i < 4000; i++) pacer.step(far);
  assert.ok(Math.abs(pacer.target_s - 0.4) < 1e-9);
});
