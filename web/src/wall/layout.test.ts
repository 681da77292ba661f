import { test } from 'node:test';
import assert from 'node:assert/strict';
import { grid_of, places_at_once, screens_of } from './layout';

test('square numbers make square grids on a wide screen', () => {
  for (const [count, side] of [
    [1, 1],
    [4, 2],
    [9, 3],
    [16, 4]
  ] as const) {
    assert.deepEqual(grid_of(count, 1920, 1080), { columns: side, rows: side });
  }
});

test('an upright screen stacks', () => {
  assert.deepEqual(grid_of(3, 1080, 1920), { columns: 1, rows: 3 });
});

test('every count fits', () => {
  for (let count = 1; count <= 16; count++) {
    const { columns, rows } = grid_of(count, 1920, 1080);
    assert.ok(columns * rows >= count && columns * rows < count + columns + rows, `${count}`);
  }
});

test('a number is kept within sixteen, a word means what suits', () => {
  assert.equal(places_at_once('9', 'grid', 12), 9);
  assert.equal(places_at_once('400', 'grid', 12), 16);
  assert.equal(places_at_once('auto', 'grid', 12), 12);
  assert.equal(places_at_once('auto', 'rotate', 12), 1);
  assert.equal(places_at_once('-3', 'grid', 2), 2);
});

test('a rotation shows every place, a grid the first ones', () => {
  const feeds = ['a', 'b', 'c', 'd', 'e'];
  assert.deepEqual(screens_of(feeds, 2, 'rotate'), [['a', 'b'], ['c', 'd'], ['e']]);
  assert.deepEqual(screens_of(feeds, 2, 'grid'), [['a', 'b']]);
  assert.deepEqual(screens_of([], 2, 'rotate'), []);
});
