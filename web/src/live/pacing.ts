// How fast to play so that a live picture stays a constant short way behind the newest part: pure
// arithmetic, so that it can be tested without a browser.

export interface Pace {
  rate: number;
  /** Jump so far behind the end of the buffer, or play on when undefined. */
  seek_behind_s?: number;
}

// The buffer's end moves in steps of a part, so what lies ahead is a saw tooth; only its lowest
// point in the last second says how near a stall is.
const kSamples = 5;
const kCalm_s = 0.12;
const kGain = 0.15;
const kSlowest = 0.97;
const kFastest = 1.05;
const kJump_s = 1.6;
const kTargetMax_s = 1.8;
const kStallStep_s = 0.2;
const kRelaxPerTick_s = 0.001;

export class Pacer {
  private floor_s_: number;
  private target_s_: number;
  private samples_: number[] = [];

  /** `target_s`: wanted lowest distance between what is shown and the end of the buffer. */
  constructor(target_s: number) {
    this.floor_s_ = target_s;
    this.target_s_ = target_s;
  }

  get target_s(): number {
    return this.target_s_;
  }

  /** The buffer ran dry: keep further from the edge from now on. */
  stalled(): void {
    this.target_s_ = Math.min(kTargetMax_s, this.target_s_ + kStallStep_s);
    this.samples_ = [];
  }

  /** A jump was made; what was measured before it says nothing now. */
  jumped(): void {
    this.samples_ = [];
  }

  /** Called four times a second with what lies ahead of the picture. */
  step(ahead_s: number): Pace {
    this.target_s_ = Math.max(this.floor_s_, this.target_s_ - kRelaxPerTick_s);
    this.samples_.push(ahead_s);
    if (this.samples_.length > kSamples) this.samples_.shift();
    const lowest_s = Math.min(...this.samples_);
    const error_s = lowest_s - this.target_s_;
    if (ahead_s - this.target_s_ > kJump_s && error_s > kJump_s / 2) {
      return { rate: 1, seek_behind_s: this.target_s_ + 0.2 };
    }
    if (Math.abs(error_s) < kCalm_s) return { rate: 1 };
    return { rate: Math.min(kFastest, Math.max(kSlowest, 1 + kGain * error_s)) };
  }
}
