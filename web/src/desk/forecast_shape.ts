// The forecast as shapes: pure, so that it can be tested.

/** Where a chart lies in its picture; x is time, y is bytes, 0 at the bottom. */
export interface Frame {
  width: number;
  height: number;
  total: number;
  days: number;
}

export const x_of = (frame: Frame, day: number): number =>
  (day / Math.max(1, frame.days - 1)) * frame.width;
export const y_of = (frame: Frame, bytes: number): number =>
  frame.height -
  (Math.min(Math.max(bytes, 0), frame.total) / Math.max(1, frame.total)) * frame.height;

/** The upper edge of what is used, from today on, as an SVG path. */
export function edge_path(frame: Frame, used: readonly number[]): string {
  return used
    .map(
      (bytes, day) =>
        `${day ? 'L' : 'M'}${x_of(frame, day).toFixed(1)} ${y_of(frame, bytes).toFixed(1)}`
    )
    .join('');
}

/** What lies below that edge. */
export function area_path(frame: Frame, used: readonly number[]): string {
  if (used.length === 0) return '';
  const end = x_of(frame, used.length - 1).toFixed(1);
  return `${edge_path(frame, used)}L${end} ${frame.height}L0 ${frame.height}Z`;
}

/** The first of each month within the days from `start_ms` on, as days from it. */
export function month_marks(start_ms: number, days: number): { day: number; at_ms: number }[] {
  const marks = [];
  const start = new Date(start_ms);
  for (let month = 1; ; month++) {
    const at_ms = Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + month, 1);
    const day = (at_ms - start_ms) / 86_400_000;
    if (day >= days - 1) return marks;
    marks.push({ day, at_ms });
  }
}
