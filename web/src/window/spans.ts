// Recorded and missing time as the page draws it.
import type { Span } from '../api/types';

export interface Stretch {
  start_ms: number;
  end_ms: number;
  recorded: boolean;
  /** Only key frames are left, or one a minute. */
  thinned?: boolean;
  reason: string;
}

export function stretches(spans: readonly Span[]): Stretch[] {
  return spans.map((span) => ({
    start_ms: Date.parse(span.start),
    end_ms: Date.parse(span.end),
    recorded: span.state === 'recorded',
    thinned: (span.thinned ?? 'none') !== 'none',
    reason: span.reason
  }));
}

export function stretch_at(list: readonly Stretch[], at_ms: number): Stretch | undefined {
  return list.find((stretch) => at_ms >= stretch.start_ms && at_ms < stretch.end_ms);
}
