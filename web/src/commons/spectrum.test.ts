import assert from 'node:assert/strict';
import { test } from 'node:test';
import { magnitudes } from './spectrum';

const kSize = 1024;
const sine = (cycles: number, amplitude: number) =>
  Float32Array.from(
    { length: kSize },
    (_, i) => amplitude * Math.sin((2 * Math.PI * cycles * i) / kSize)
  );

test('a sine is loudest at its own frequency, as loud as it is', () => {
  for (const cycles of [3, 50, 400]) {
    const levels = magnitudes(sine(cycles, 0.5), kSize);
    const loudest = levels.indexOf(Math.max(...levels));
    assert.equal(loudest, cycles);
    assert.ok(Math.abs(levels[cycles]! - 0.5) < 0.01, `${levels[cycles]}`);
    assert.ok(levels[(cycles + 100) % (kSize / 2)]! < 1e-3);
  }
});

test('two sounds at once are both there, and silence is nothing', () => {
  const both = sine(20, 0.3).map((value, i) => value + sine(90, 0.1)[i]!);
  const levels = magnitudes(both, kSize);
  assert.ok(levels[20]! > 0.28 && levels[90]! > 0.09);
  assert.equal(Math.max(...magnitudes(new Float32Array(10), kSize)), 0);
});
