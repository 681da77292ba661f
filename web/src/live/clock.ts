// The server's clock as this page knows it. A visitor's own clock may be minutes wrong; every time
// and delay shown is computed from this one.

interface Sample {
  offset_ms: number;
  round_trip_ms: number;
}

const kSamplesMax = 16;

export class ServerClock {
  private samples_: Sample[] = [];
  private offset_ms_ = 0;

  /** Takes one exchange: sent and received by the local clock, `server_ms` read in between. */
  take(sent_ms: number, received_ms: number, server_ms: number): void {
    if (!Number.isFinite(server_ms) || received_ms < sent_ms) return;
    this.samples_.push({
      offset_ms: server_ms - (sent_ms + received_ms) / 2,
      round_trip_ms: received_ms - sent_ms
    });
    if (this.samples_.length > kSamplesMax) this.samples_.shift();
    // The exchange with the shortest way there and back is the one least bent by queues.
    let best = this.samples_[0]!;
    for (const sample of this.samples_)
      if (sample.round_trip_ms <= best.round_trip_ms) best = sample;
    this.offset_ms_ = best.offset_ms;
  }

  get known(): boolean {
    return this.samples_.length > 0;
  }

  /** Forgets what was learnt, e.g. after the machine slept. */
  reset(): void {
    this.samples_ = [];
  }

  /** Milliseconds since 1970 by the server's clock. */
  now_ms(local_ms: number = Date.now()): number {
    return local_ms + this.offset_ms_;
  }
}
