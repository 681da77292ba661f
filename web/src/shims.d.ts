// The build of MapLibre that needs no blob: worker has no types of its own.
declare module 'maplibre-gl/dist/maplibre-gl-csp.js' {
  import type * as maplibre from 'maplibre-gl';
  const library: typeof maplibre & { default: typeof maplibre };
  export default library;
}
declare module 'world-atlas/land-50m.json' {
  const topology: unknown;
  export default topology;
}
