import { test } from 'node:test';
import assert from 'node:assert/strict';
import { wall_name, wall_of_address } from './definition';

test('a wall is arranged by its address', () => {
  const wall = wall_of_address('?feeds=a,%20b,,c&layout=4&mode=rotate&rotate_s=30&lang=zh&clock=0');
  assert.deepEqual(wall.feeds, ['a', 'b', 'c']);
  assert.equal(wall.layout, '4');
  assert.equal(wall.mode, 'rotate');
  assert.equal(wall.rotate_s, 30);
  assert.deepEqual(wall.languages, ['zh']);
  assert.equal(wall.clock, false);
  assert.equal(wall.captions, true);
});

test('nonsense becomes something that works unattended', () => {
  const wall = wall_of_address('?rotate_s=soon&mode=spin&theme=pink');
  assert.equal(wall.rotate_s, 20);
  assert.equal(wall.mode, 'grid');
  assert.equal(wall.theme, 'night');
  assert.equal(wall_of_address('?rotate_s=0').rotate_s, 5);
});

test('the name of a wall is the last word of its path', () => {
  assert.equal(wall_name('/wall/great%20hall'), 'great hall');
  assert.equal(wall_name('/wall'), undefined);
  assert.equal(wall_name('/wall/'), undefined);
  assert.equal(wall_name('/wall/%zz'), '%zz');
});
