import { test } from 'node:test';
import assert from 'node:assert/strict';
import { clusters_of, points_of, shapes_of } from './places';

test('rows without a place on earth are left out', () => {
  const rows = [
    ['id', 'decimalLatitude', 'decimalLongitude'],
    ['a', '36.5', '100.2'],
    ['b', '', '100'],
    ['c', '91', '0'],
    ['d', 'north', '0']
  ];
  assert.deepEqual(points_of(rows), [{ latitude: 36.5, longitude: 100.2, label: 'a' }]);
  assert.deepEqual(points_of([['id', 'x', 'y']]), []);
});

test('shapes are taken with all their corners, broken ones are counted', () => {
  const line = {
    type: 'LineString',
    coordinates: [
      [1, 2],
      [3, 4]
    ]
  };
  const broken = {
    type: 'Polygon',
    coordinates: [
      [
        [1, 2],
        ['x', 4]
      ]
    ]
  };
  const deep = { type: 'GeometryCollection', geometries: [{ type: 'Point', coordinates: [5, 6] }] };
  const { shapes, points, left_out } = shapes_of({
    type: 'FeatureCollection',
    features: [line, broken, deep].map((geometry) => ({ type: 'Feature', geometry }))
  });
  assert.equal(shapes.features.length, 2);
  assert.deepEqual(
    points.map(({ longitude }) => longitude),
    [1, 3, 5]
  );
  assert.equal(left_out, 1);
});

test('what is no GeoJSON is told from what has no place', () => {
  assert.throws(() => shapes_of({ name: 'a table' }));
  assert.throws(() => shapes_of(null));
  assert.equal(shapes_of({ type: 'Point', coordinates: [999, 0] }).left_out, 1);
});

test('neighbours are one mark from afar and two from near', () => {
  const points = [
    { latitude: 36.9, longitude: 100.2 },
    { latitude: 36.91, longitude: 100.21 }
  ];
  assert.equal(clusters_of(points, 4).length, 1);
  assert.equal(clusters_of(points, 14).length, 2);
});
