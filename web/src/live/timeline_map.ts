// Which moment of the world a moment of the player's time line is. The player's time line is kept
// without gaps: whatever the run does, the next part is laid where the buffer ends.

interface Entry {
  start_s: number;
  end_s: number;
  utc_ms: number;
}

const kEntriesMax = 256;
/** Decode times of one run may differ from the sum of durations by rounding only. */
const kSeam_s = 0.1;

export interface Placement {
  /** What to add to the part's decode times. */
  offset_s: number;
  /** True when the offset is another than that of the part before. */
  moved: boolean;
}

export class TimelineMap {
  private entries_: Entry[] = [];
  private offset_s_: number | undefined;
  private media_end_s_ = 0;
  private run_ = -1;

  /** Forgets everything: the next part begins the time line at zero. */
  reset(): void {
    this.entries_ = [];
    this.offset_s_ = undefined;
    this.run_ = -1;
  }

  /** Says where a part goes and remembers it. `buffered_end_s`: where the buffer ends now. */
  place(
    part: { media_s: number; duration_s: number; utc_ms: number; new_run: boolean },
    run: number,
    buffered_end_s: number
  ): Placement {
    const broken =
      this.offset_s_ === undefined ||
      part.new_run ||
      run !== this.run_ ||
      part.media_s - this.media_end_s_ > kSeam_s ||
      part.media_s < this.media_end_s_ - 30;
    if (broken) this.offset_s_ = buffered_end_s - part.media_s;
    this.run_ = run;
    this.media_end_s_ = part.media_s + part.duration_s;
    const offset_s = this.offset_s_!;
    const start_s = part.media_s + offset_s;
    this.entries_.push({ start_s, end_s: start_s + part.duration_s, utc_ms: part.utc_ms });
    if (this.entries_.length > kEntriesMax) this.entries_.shift();
    return { offset_s, moved: broken };
  }

  /** UTC of a position, or undefined when nothing is known about it. */
  utc_ms(position_s: number): number | undefined {
    for (let i = this.entries_.length - 1; i >= 0; i--) {
      const entry = this.entries_[i]!;
      if (position_s >= entry.start_s - 0.001) {
        return entry.utc_ms + (position_s - entry.start_s) * 1000;
      }
    }
    return undefined;
  }

  /** Where the parts placed so far end. */
  get end_s(): number {
    return this.entries_.at(-1)?.end_s ?? 0;
  }
}
