// How many columns and rows fill a screen best.

export interface Grid {
  columns: number;
  rows: number;
}

export const kPlacesMax = 16;

/** The grid in which `count` pictures of 16:9 are largest on a screen of this shape. */
export function grid_of(count: number, width: number, height: number): Grid {
  const pictures = Math.min(kPlacesMax, Math.max(1, Math.floor(count)));
  let best: Grid = { columns: 1, rows: pictures };
  let best_width = 0;
  for (let columns = 1; columns <= pictures; columns++) {
    const rows = Math.ceil(pictures / columns);
    const picture_width = Math.min(width / columns, ((height / rows) * 16) / 9);
    // An equal size with fewer empty fields is better.
    const better = picture_width > best_width + 0.5;
    const tidier =
      Math.abs(picture_width - best_width) <= 0.5 && columns * rows < best.columns * best.rows;
    if (better || tidier) {
      best = { columns, rows };
      best_width = picture_width;
    }
  }
  return best;
}

/** How many places stand on the screen at once. */
export function places_at_once(layout: string, mode: 'grid' | 'rotate', feeds: number): number {
  const asked = Number.parseInt(layout, 10);
  if (Number.isFinite(asked) && asked >= 1) return Math.min(kPlacesMax, asked);
  return mode === 'rotate' ? 1 : Math.min(kPlacesMax, Math.max(1, feeds));
}

/** The feeds cut into screens that follow each other; a grid has only the first. */
export function screens_of(
  feeds: readonly string[],
  at_once: number,
  mode: 'grid' | 'rotate'
): string[][] {
  const screens: string[][] = [];
  for (let at = 0; at < feeds.length; at += at_once) screens.push(feeds.slice(at, at + at_once));
  return mode === 'grid' ? screens.slice(0, 1) : screens;
}
