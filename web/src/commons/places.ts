// What of a Work's files lies on a map: shapes of GeoJSON (RFC 7946), rows of a table with
// latitude and longitude. All of it is bounded, and what is no place on earth is left out.
import type { Feature, FeatureCollection, Geometry, Position } from 'geojson';

export interface Point {
  latitude: number;
  longitude: number;
  label: string;
}

const kPositions_max = 50_000;
const kDepth_max = 8;

const is_position = (value: unknown): value is Position =>
  Array.isArray(value) &&
  typeof value[0] === 'number' &&
  typeof value[1] === 'number' &&
  Math.abs(value[0]) <= 180 &&
  Math.abs(value[1]) <= 90;

/** Calls `visit` with each position; false where something else stands in its place. */
function each_position(
  value: unknown,
  depth: number,
  visit: (position: Position) => void
): boolean {
  if (is_position(value)) {
    visit(value);
    return true;
  }
  if (!Array.isArray(value) || depth === 0 || typeof value[0] === 'number') return false;
  return value.every((item) => each_position(item, depth - 1, visit));
}

const kDepths: Record<string, number> = {
  Point: 0,
  MultiPoint: 1,
  LineString: 1,
  MultiLineString: 2,
  Polygon: 2,
  MultiPolygon: 3
};

function geometries_of(value: unknown, depth = 0): Geometry[] {
  const given = value as { type?: string; geometries?: unknown[]; coordinates?: unknown } | null;
  if (!given || typeof given !== 'object' || depth > kDepth_max) return [];
  if (given.type === 'GeometryCollection' && Array.isArray(given.geometries))
    return given.geometries.flatMap((item) => geometries_of(item, depth + 1));
  return given.type !== undefined && given.type in kDepths ? [given as Geometry] : [];
}

export interface Shapes {
  shapes: FeatureCollection;
  /** Corners and points, to find the part of the earth that they lie on. */
  points: Point[];
  /** Shapes that are not drawn: they are no place on earth, or there are too many. */
  left_out: number;
}

/** Throws for what is no GeoJSON. */
export function shapes_of(value: unknown): Shapes {
  const given = value as { type?: string; features?: unknown[]; geometry?: unknown } | null;
  const features =
    given?.type === 'FeatureCollection' && Array.isArray(given.features)
      ? given.features
      : given?.type === 'Feature'
        ? [given]
        : [{ geometry: given }];
  const drawn: Feature[] = [];
  const points: Point[] = [];
  let left_out = 0;
  let known = 0;
  for (const feature of features as { geometry?: unknown }[]) {
    for (const geometry of geometries_of(feature?.geometry)) {
      known++;
      const own: Point[] = [];
      const depth = kDepths[geometry.type]!;
      const { coordinates } = geometry as { coordinates: unknown };
      const whole = each_position(coordinates, depth, ([longitude, latitude]) => {
        own.push({ latitude: latitude!, longitude: longitude!, label: '' });
      });
      if (!whole || own.length === 0 || points.length + own.length > kPositions_max) {
        left_out++;
        continue;
      }
      for (const point of own) points.push(point);
      drawn.push({ type: 'Feature', properties: {}, geometry });
    }
  }
  if (known === 0) throw new Error('no GeoJSON');
  return { shapes: { type: 'FeatureCollection', features: drawn }, points, left_out };
}

const kLatitude = /^(decimal[ _]?)?_?lat(itude)?$/i;
const kLongitude = /^(decimal[ _]?)?_?(lon|lng|long)(gitude)?$/i;

/** Which columns hold the place, if two do. */
export function place_columns(
  heads: readonly string[]
): { latitude: number; longitude: number } | undefined {
  const latitude = heads.findIndex((head) => kLatitude.test(head.trim()));
  const longitude = heads.findIndex((head) => kLongitude.test(head.trim()));
  return latitude < 0 || longitude < 0 ? undefined : { latitude, longitude };
}

/** The places of a table's rows; the first row is its headings. */
export function points_of(rows: readonly string[][]): Point[] {
  const columns = rows[0] && place_columns(rows[0]);
  if (!columns) return [];
  return rows.slice(1).flatMap((row) => {
    const [latitude, longitude] = [row[columns.latitude], row[columns.longitude]];
    if (!latitude?.trim() || !longitude?.trim()) return [];
    const point = { latitude: Number(latitude), longitude: Number(longitude), label: row[0] ?? '' };
    return is_position([point.longitude, point.latitude]) ? [point] : [];
  });
}

export const shapes_of_points = (points: readonly Point[]): FeatureCollection => ({
  type: 'FeatureCollection',
  features: points.map(({ latitude, longitude, label }) => ({
    type: 'Feature',
    properties: { label },
    geometry: { type: 'Point', coordinates: [longitude, latitude] }
  }))
});

/** Points that stand together, as seen at `zoom` (of MapLibre: the earth is 512 × 2^zoom pixels). */
export interface Cluster<T> {
  latitude: number;
  longitude: number;
  members: T[];
}

export function clusters_of<T extends { latitude: number; longitude: number }>(
  points: readonly T[],
  zoom: number,
  cell_px = 56
): Cluster<T>[] {
  const scale = (512 * 2 ** zoom) / cell_px;
  const cells = new Map<string, Cluster<T>>();
  for (const point of points) {
    const x = (point.longitude + 180) / 360;
    const sine = Math.sin((Math.max(-85, Math.min(85, point.latitude)) * Math.PI) / 180);
    const y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
    const key = `${Math.floor(x * scale)}/${Math.floor(y * scale)}`;
    const cell = cells.get(key);
    if (cell) cell.members.push(point);
    else cells.set(key, { latitude: 0, longitude: 0, members: [point] });
  }
  for (const cell of cells.values()) {
    const count = cell.members.length;
    cell.latitude = cell.members.reduce((sum, { latitude }) => sum + latitude, 0) / count;
    cell.longitude = cell.members.reduce((sum, { longitude }) => sum + longitude, 0) / count;
  }
  return [...cells.values()];
}
