import { test } from 'node:test';
import assert from 'node:assert/strict';
import { TimelineMap } from './timeline_map';

const part = (media_s: number, utc_ms: number, new_run = false) => ({
  media_s,
  duration_s: 0.5,
  utc_ms,
  new_run
});

test('the first part lies at zero however far its run has come', () => {
  const map = new TimelineMap();
  assert.deepEqual(map.place(part(7200, 1_000_000), 1, 0), { offset_s: -7200, moved: true });
  assert.equal(map.utc_ms(0.25), 1_000_250);
});

test('parts that follow each other keep their offset', () => {
  const map = new TimelineMap();
  map.place(part(10, 0), 1, 0);
  assert.equal(map.place(part(10.5, 500), 1, 0.5).moved, false);
  assert.equal(map.end_s, 1);
});

test('left-out parts leave no hole in the picture but show in the time', () => {
  const map = new TimelineMap();
  map.place(part(10, 0), 1, 0);
  const placed = map.place(part(15, 5000), 1, 0.5);
  assert.equal(placed.moved, true);
  assert.equal(placed.offset_s, -14.5);
  assert.equal(map.utc_ms(0.4), 400);
  assert.equal(map.utc_ms(0.6), 5100);
});

test('a new run goes on where the buffer ends', () => {
  const map = new TimelineMap();
  map.place(part(10, 0), 1, 0);
  assert.equal(map.place(part(0, 900, true), 2, 0.5).offset_s, 0.5);
  assert.equal(map.utc_ms(0.5), 900);
});

test('a part sent twice keeps its place', () => {
  const map = new TimelineMap();
  map.place(part(10, 0), 1, 0);
  map.place(part(10.5, 500), 1, 0.5);
  assert.equal(map.place(part(10.5, 500), 1, 1).moved, false);
});

test('before the first part nothing is claimed', () => {
  assert.equal(new TimelineMap().utc_ms(3), undefined);
});
