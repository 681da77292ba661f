// The outlines a map is drawn from: coasts of the world (world-atlas, Natural Earth 1:50m) and the
// lakes, rivers and glaciers of the plateau (Natural Earth 1:10m, cut to its region). All of it is
// part of the program; no map is asked for from anybody.
import type { FeatureCollection, Geometry } from 'geojson';

export type Ring = [number, number][];

export interface Water {
  lakes: Ring[];
  rivers: Ring[];
  ice: Ring[];
}

let water: Promise<Water> | undefined;

export function load_water(): Promise<Water> {
  water ??= import('./water.json').then((file) => file.default as unknown as Water);
  return water;
}

export async function load_land(): Promise<FeatureCollection<Geometry>> {
  const [{ feature }, file] = await Promise.all([
    import('topojson-client'),
    import('world-atlas/land-50m.json')
  ]);
  const topology = file.default as unknown as Parameters<typeof feature>[0];
  const land = feature(topology, topology.objects.land!) as unknown as
    FeatureCollection<Geometry> | { type: 'Feature'; geometry: Geometry };
  return land.type === 'FeatureCollection'
    ? land
    : { type: 'FeatureCollection', features: [{ ...land, properties: {} }] };
}

export interface Frame {
  west: number;
  east: number;
  south: number;
  north: number;
}

/** The region around some points, with air around them, never narrower than two degrees. */
export function frame_of(points: readonly { latitude: number; longitude: number }[]): Frame {
  const longitudes = points.map((point) => point.longitude);
  const latitudes = points.map((point) => point.latitude);
  const west = Math.min(...longitudes);
  const east = Math.max(...longitudes);
  const south = Math.min(...latitudes);
  const north = Math.max(...latitudes);
  const air_x = Math.max(1, (east - west) * 0.12);
  const air_y = Math.max(1, (north - south) * 0.16);
  return { west: west - air_x, east: east + air_x, south: south - air_y, north: north + air_y };
}

/** Degrees to a plane of `width` by `height`, true in its middle (equirectangular). */
export function projection(frame: Frame, width: number, height: number) {
  const squeeze = Math.cos((((frame.south + frame.north) / 2) * Math.PI) / 180);
  const scale = Math.min(
    width / ((frame.east - frame.west) * squeeze),
    height / (frame.north - frame.south)
  );
  const middle_x = (frame.west + frame.east) / 2;
  const middle_y = (frame.south + frame.north) / 2;
  return (longitude: number, latitude: number): [number, number] => [
    width / 2 + (longitude - middle_x) * squeeze * scale,
    height / 2 - (latitude - middle_y) * scale
  ];
}

export function path_of(
  lines: readonly Ring[],
  project: ReturnType<typeof projection>,
  closed: boolean
): string {
  return lines
    .map((line) => {
      const points = line.map(([x, y]) =>
        project(x, y)
          .map((value) => value.toFixed(1))
          .join(',')
      );
      return `M${points.join('L')}${closed ? 'Z' : ''}`;
    })
    .join('');
}
