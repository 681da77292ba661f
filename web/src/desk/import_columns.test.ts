import { test } from 'node:test';
import assert from 'node:assert/strict';
import { beginning_of, guessed } from './import_columns';

test('headings of several languages find what they mean, each meaning once', () => {
  assert.deepEqual(guessed(['Title', 'name', '标题', 'decimalLatitude', 'Lon', 'colour']), {
    Title: 'title.en',
    name: '',
    标题: 'title.zh',
    decimalLatitude: 'place.latitude',
    Lon: 'place.longitude',
    colour: ''
  });
});

test('a table is parted by what its first line has most of', () => {
  assert.deepEqual(beginning_of('a;b,c;d\n1;2;3\n', 5), [
    ['a', 'b,c', 'd'],
    ['1', '2', '3']
  ]);
  assert.deepEqual(beginning_of('a\tb', 5), [['a', 'b']]);
});
