import { test } from 'node:test';
import assert from 'node:assert/strict';
import { frame_of, path_of, projection } from './outline';

test('every point lies inside the frame around them, a single one too', () => {
  const frame = frame_of([{ latitude: 35, longitude: 97 }]);
  assert.ok(frame.west < 97 && frame.east > 97 && frame.east - frame.west >= 2);
  assert.ok(frame.south < 35 && frame.north > 35);
});

test('north is up, east is right, and the middle is the middle', () => {
  const project = projection({ west: 90, east: 100, south: 30, north: 40 }, 200, 100);
  assert.deepEqual(project(95, 35), [100, 50]);
  assert.ok(project(96, 35)[0] > 100);
  assert.ok(project(95, 36)[1] < 50);
});

test('a ring closes and a line does not', () => {
  const project = (x: number, y: number): [number, number] => [x, y];
  assert.equal(
    path_of(
      [
        [
          [0, 0],
          [1, 2]
        ]
      ],
      project,
      true
    ),
    'M0.0,0.0L1.0,2.0Z'
  );
  assert.equal(
    path_of(
      [
        [
          [0, 0],
          [1, 2]
        ]
      ],
      project,
      false
    ),
    'M0.0,0.0L1.0,2.0'
  );
});
