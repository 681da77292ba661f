// Recorded and missing time as the page draws it.
import type { Span } from '../api/types';

export interface Stretch {
  start_ms: number;
  end_ms: number;
  recorded: boolean;
  reason: string;
}

export function stretches(spans: readonly Span[]): Stretch[] {
  return spans.map((span) => ({
    start_ms: Date.parse(span.start),
    end_ms: Date.parse(span.end),
    recorded: span.state === 'recorded',
    reason: span.reason
  }));
}

export function stretch_at(list: readonly Stretch[], at_ms: number): Stretch | undefined {
  return list.find((stretch) => at_ms >= stretch.start_ms && at_ms < stretch.end_ms);
}

/** The recorded moment nearest to one, or undefined when nothing is recorded. */
export function nearest_recorded(list: readonly Stretch[], at_ms: number): number | undefined {
  let best: number | undefined;
  for (const stretch of list) {
    if (!stretch.recorded) continue;
    const inside = Math.min(Math.max(at_ms, stretch.start_ms), stretch.end_ms - 1000);
    if (best === undefined || Math.abs(inside - at_ms) < Math.abs(best - at_ms)) best = inside;
  }
  return best;
}
