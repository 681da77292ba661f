// The map that all our maps begin with: coasts, waters and ice, which are part of the program, and
// the museum's own tiles where it has any. MapLibre is loaded when the first map is asked for.
import type { Map as Chart, StyleSpecification } from 'maplibre-gl';
import type * as maplibre from 'maplibre-gl';
import { load_land, load_water, type Frame, type Ring } from './outline';

export interface Drawn {
  library: typeof maplibre;
  map: Chart;
}

const lines = (type: 'LineString' | 'Polygon', rings: Ring[]) => ({
  type: 'geojson' as const,
  data: {
    type: 'FeatureCollection' as const,
    features: rings.map((ring) => ({
      type: 'Feature' as const,
      properties: {},
      geometry:
        type === 'Polygon'
          ? { type: 'Polygon' as const, coordinates: [[...ring, ring[0]!]] }
          : { type: 'LineString' as const, coordinates: ring }
    }))
  }
});

function graticule(): Ring[] {
  const rings: Ring[] = [];
  for (let x = -180; x <= 180; x += 5) {
    rings.push(Array.from({ length: 35 }, (_, i): [number, number] => [x, -85 + i * 5]));
  }
  for (let y = -80; y <= 80; y += 5) {
    rings.push([
      [-180, y],
      [180, y]
    ]);
  }
  return rings;
}

const tile_url = (template: string) =>
  template.startsWith('/') ? location.origin + template : template;

/** `tiles`: a tile address with {z}/{x}/{y} of this origin. Whoever asked removes the map. */
export async function draw_chart(
  target: HTMLElement,
  frame: Frame,
  tiles: string | null
): Promise<Drawn> {
  const [library, worker, , land, water] = await Promise.all([
    import('maplibre-gl/dist/maplibre-gl-csp.js'),
    import('maplibre-gl/dist/maplibre-gl-csp-worker.js?url'),
    import('maplibre-gl/dist/maplibre-gl.css'),
    load_land(),
    load_water()
  ]);
  library.default.setWorkerUrl(worker.default);
  const style: StyleSpecification = {
    version: 8,
    sources: {
      land: { type: 'geojson', data: land, attribution: 'Natural Earth' },
      lakes: lines('Polygon', water.lakes),
      ice: lines('Polygon', water.ice),
      rivers: lines('LineString', water.rivers),
      graticule: lines('LineString', graticule()),
      ...(tiles ? { tiles: { type: 'raster', tiles: [tile_url(tiles)], tileSize: 256 } } : {})
    },
    layers: [
      { id: 'sea', type: 'background', paint: { 'background-color': '#081220' } },
      { id: 'land', type: 'fill', source: 'land', paint: { 'fill-color': '#16283f' } },
      ...(tiles ? [{ id: 'tiles', type: 'raster' as const, source: 'tiles', paint: {} }] : []),
      {
        id: 'graticule',
        type: 'line',
        source: 'graticule',
        paint: { 'line-color': '#bedaec', 'line-opacity': 0.09, 'line-width': 1 }
      },
      {
        id: 'rivers',
        type: 'line',
        source: 'rivers',
        layout: { 'line-join': 'round', 'line-cap': 'round' },
        paint: {
          'line-color': '#6fb4d2',
          'line-width': ['interpolate', ['linear'], ['zoom'], 3, 0.6, 8, 2.4]
        }
      },
      { id: 'ice', type: 'fill', source: 'ice', paint: { 'fill-color': '#eef5f9' } },
      { id: 'lakes', type: 'fill', source: 'lakes', paint: { 'fill-color': '#8fcfe4' } }
    ]
  };
  const map = new library.default.Map({
    container: target,
    style,
    bounds: [
      Math.max(-180, frame.west),
      Math.max(-84, frame.south),
      Math.min(180, frame.east),
      Math.min(84, frame.north)
    ],
    maxZoom: tiles ? 16 : 9,
    dragRotate: false,
    pitchWithRotate: false,
    attributionControl: false,
    fadeDuration: 0
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new library.default.NavigationControl({ showCompass: false }), 'top-right');
  return { library: library.default, map };
}
