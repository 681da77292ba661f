// Where a picture's pieces are, and how far their preparation is.
import type { WorkFile } from '../api/types';

export interface Preparation {
  /** As the server tells it; and: asking, plain (no pieces: the file as it is), refused. */
  state: 'asking' | 'plain' | 'refused' | 'none' | 'waiting' | 'working' | 'ready' | 'failed';
  progress?: number;
  before?: number;
  /** Pixels, as it is shown. */
  width?: number;
  height?: number;
  service?: string;
  why?: string;
}

const kCut = ['image/jpeg', 'image/png', 'image/webp', 'image/tiff', 'image/gif'];
const kEvery_ms = 1000;

export function has_pieces(file: Pick<WorkFile, 'type'>): boolean {
  return kCut.includes(file.type);
}

/** Tells how far it is, each second, until it is ready or refused. */
export async function look_up_picture(
  file: WorkFile,
  stop: AbortSignal,
  tell: (told: Preparation) => void
): Promise<void> {
  if (!has_pieces(file)) return tell({ state: 'plain' });
  while (!stop.aborted) {
    try {
      const answer = await fetch(`/api/v1/files/${file.sha256}/picture`, { signal: stop });
      const told = await answer.json();
      if (answer.ok) tell(told);
      else if (answer.status !== 503) return tell({ state: 'refused', why: told.detail });
      if (answer.status === 200) return;
    } catch {
      // The network is away for a moment; asked again.
    }
    await new Promise((again) => setTimeout(again, kEvery_ms));
  }
}
