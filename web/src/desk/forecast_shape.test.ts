import assert from 'node:assert/strict';
import { test } from 'node:test';
import { area_path, edge_path, month_marks, x_of, y_of } from './forecast_shape';

const frame = { width: 100, height: 50, total: 1000, days: 11 };

test('today is at the left, a full disk at the top', () => {
  assert.equal(x_of(frame, 0), 0);
  assert.equal(x_of(frame, 10), 100);
  assert.equal(y_of(frame, 0), 50);
  assert.equal(y_of(frame, 1000), 0);
  assert.equal(y_of(frame, 5000), 0);
});

test('the area ends on the ground', () => {
  assert.equal(edge_path(frame, [0, 500]), 'M0.0 50.0L10.0 25.0');
  assert.equal(area_path(frame, [0, 500]), 'M0.0 50.0L10.0 25.0L10.0 50L0 50Z');
  assert.equal(area_path(frame, []), '');
});

test('a year from any day has twelve firsts of a month at most', () => {
  const marks = month_marks(Date.UTC(2026, 10, 20), 366);
  assert.equal(marks.length, 12);
  assert.equal(new Date(marks[0]!.at_ms).toISOString(), '2026-12-01T00:00:00.000Z');
  assert.equal(marks[0]!.day, 11);
});
