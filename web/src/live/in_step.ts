// How one picture is kept in step with another.

export interface Drift {
  /** How fast to play; 0 waits for the other. */
  rate: number;
  /** Too far apart to catch up: go there. */
  seek: boolean;
}

const kTooFar_ms = 1500;
const kInStep_ms = 20;
/** At most this much faster or slower, which nobody sees. */
const kPull = 0.2;

/** How a picture that is `behind_ms` behind the one it follows plays on. */
export function in_step(behind_ms: number, rate: number): Drift {
  if (behind_ms > kTooFar_ms) return { rate, seek: true };
  // It is ahead: behind a gap of its own it waits until the other has come that far.
  if (behind_ms < -kTooFar_ms) return { rate: 0, seek: false };
  if (Math.abs(behind_ms) <= kInStep_ms) return { rate, seek: false };
  const pull = Math.max(-kPull, Math.min(kPull, behind_ms / 500));
  return { rate: rate * (1 + pull), seek: false };
}
