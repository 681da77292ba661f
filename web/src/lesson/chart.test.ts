import { test } from 'node:test';
import assert from 'node:assert/strict';
import { chart_data, labelled, number_of, places_of, scale_of } from './chart';

test('an axis has round marks that hold all values', () => {
  assert.deepEqual(scale_of([3, 47], true), [0, 10, 20, 30, 40, 50]);
  assert.deepEqual(scale_of([0.12, 0.31], false), [0.1, 0.15, 0.2, 0.25, 0.3, 0.35]);
  assert.deepEqual(scale_of([-12, 4], true), [-15, -10, -5, 0, 5]);
  assert.deepEqual(scale_of([], true), [0, 1]);
});

test('one value, or zeros alone, still have an axis', () => {
  for (const values of [[7], [0, 0], [-3]]) {
    const marks = scale_of(values, true);
    assert.ok(marks.length >= 2 && marks[0]! <= values[0]! && marks.at(-1)! >= values[0]!);
  }
  const flat = scale_of([4000, 4000], false);
  assert.ok(flat[0]! < 4000 && flat.at(-1)! > 4000);
});

test('numbers are read as tables write them; what is none is a gap', () => {
  assert.equal(number_of('1,204'), 1204);
  assert.equal(number_of('−3.5'), -3.5);
  assert.equal(number_of('1e3'), 1000);
  assert.equal(number_of('n/a'), undefined);
  assert.equal(number_of(''), undefined);
  const data = chart_data(
    [
      ['\uFEFFyear', 'ass', 'yak'],
      ['2020', '12', ''],
      ['2021', '14', '3'],
      ['', '', '']
    ],
    { x: 'year', y: ['ass', 'yak'], shape: 'line' }
  );
  assert.deepEqual(data, {
    x: ['2020', '2021'],
    series: [
      { name: 'ass', values: [12, 14] },
      { name: 'yak', values: [undefined, 3] }
    ]
  });
});

test('a column that is not there makes no chart', () => {
  assert.equal(chart_data([['a'], ['1']], { x: 'a', y: ['b'], shape: 'bar' }), undefined);
  assert.equal(chart_data([], { x: 'a', y: ['b'], shape: 'bar' }), undefined);
});

test('years stand where their time is, words one after another', () => {
  assert.deepEqual(places_of(['2000', '2010', '2040']), [0, 0.25, 1]);
  assert.deepEqual(places_of(['a', 'b', 'c']), [0, 0.5, 1]);
  assert.deepEqual(places_of(['x']), [0.5]);
  assert.equal(places_of(['2026-01-01', '2026-01-02', '2026-01-05'])[1], 0.25);
});

test('labels never crowd', () => {
  assert.deepEqual(labelled(5, 10), [0, 1, 2, 3, 4]);
  assert.ok(labelled(1000, 7).length <= 7);
});
