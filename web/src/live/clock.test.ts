import { test } from 'node:test';
import assert from 'node:assert/strict';
import { ServerClock } from './clock';

test('the exchange with the shortest round trip decides', () => {
  const clock = new ServerClock();
  clock.take(1000, 1400, 6350);
  clock.take(2000, 2010, 7005);
  clock.take(3000, 3600, 8550);
  assert.equal(clock.now_ms(10_000), 15_000);
});

test('a nonsense answer changes nothing', () => {
  const clock = new ServerClock();
  clock.take(1000, 1010, Number.NaN);
  clock.take(1000, 900, 5);
  assert.equal(clock.known, false);
  assert.equal(clock.now_ms(77), 77);
});

test('an old fast exchange is forgotten in time', () => {
  const clock = new ServerClock();
  clock.take(0, 2, 1001);
  for (let i = 1; i <= 16; i++) clock.take(i * 100, i * 100 + 20, i * 100 + 10 + 3000);
  assert.equal(clock.now_ms(0), 3000);
});
