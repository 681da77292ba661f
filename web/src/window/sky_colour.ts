// The colour of the sky over a place by the height of the sun: from deep night through dawn to day.
type Rgb = readonly [number, number, number];

const kStops: readonly [number, Rgb][] = [
  [-18, [38, 60, 108]],
  [-9, [66, 84, 138]],
  [-4, [150, 112, 142]],
  [0, [240, 160, 122]],
  [5, [246, 198, 150]],
  [14, [168, 212, 228]],
  [40, [196, 230, 240]]
];

export function sky_colour(altitude_deg: number): string {
  let below = kStops[0]!;
  for (const above of kStops) {
    if (altitude_deg <= above[0]) {
      const span = above[0] - below[0] || 1;
      const part = Math.min(1, Math.max(0, (altitude_deg - below[0]) / span));
      const mixed = below[1].map((from, i) => Math.round(from + (above[1][i]! - from) * part));
      return `rgb(${mixed.join(' ')})`;
    }
    below = above;
  }
  return `rgb(${kStops.at(-1)![1].join(' ')})`;
}
