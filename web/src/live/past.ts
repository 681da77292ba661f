// The past, through hls.js (or the browser's own HLS where there is no Media Source): plays a feed
// from a moment on, to the second, and says which moment it shows.
import type Hls from 'hls.js';
import type { Fragment, LevelDetails } from 'hls.js';
import { urls } from '../api/client';
import { in_step } from './in_step';
import { paint_cover } from './player';

/** One playlist spans this much; the next one is asked for when it ends. */
const kWindow_ms = 30 * 60_000;
const kGiveUp_ms = 12_000;
/** A picture that follows another looks for its own recording again after this. */
const kLookAgain_ms = 10_000;

export type PastState = 'loading' | 'playing' | 'paused' | 'empty' | 'failed' | 'ended';

export interface PastOptions {
  video: HTMLVideoElement;
  cover?: HTMLCanvasElement;
  /** UTC by the server's clock: nothing later is asked for. */
  now_ms: () => number;
  /** Where to stop; undefined plays on until the present is reached. */
  until_ms?: number;
  on_state: (state: PastState) => void;
  on_moment: (utc_ms: number) => void;
  /** The moment another picture shows, to be kept in step with; undefined: not known yet. */
  follow?: (() => number | undefined) | undefined;
}

interface Stretch {
  start_s: number;
  end_s: number;
  utc_ms: number;
}

export class PastPlayer {
  private options_: PastOptions;
  private hls_: Hls | undefined;
  private feed_ = '';
  private window_end_ms_ = 0;
  private wanted_ms_ = 0;
  private stretches_: Stretch[] = [];
  private native_start_ms_ = 0;
  private paused_ = false;
  private placed_ = false;
  private closed_ = false;
  private turn_ = 0;
  private failures_ = 0;
  private timer_: ReturnType<typeof setInterval>;
  private deadline_: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PastOptions) {
    this.options_ = options;
    const video = options.video;
    video.playsInline = true;
    video.addEventListener('playing', this.on_playing_);
    video.addEventListener('ended', this.on_ended_);
    this.timer_ = setInterval(() => this.tick(), 200);
  }

  close(): void {
    this.closed_ = true;
    clearInterval(this.timer_);
    clearTimeout(this.deadline_);
    this.options_.video.removeEventListener('playing', this.on_playing_);
    this.options_.video.removeEventListener('ended', this.on_ended_);
    this.unload();
  }

  /** Shows a moment: within what is loaded at once, else by a new playlist. */
  seek(feed: string, at_ms: number): void {
    this.wanted_ms_ = at_ms;
    if (feed === this.feed_ && this.placed_) {
      const position_s = this.position_of(at_ms);
      if (position_s !== undefined) {
        this.options_.video.currentTime = position_s;
        if (!this.paused_) this.play();
        return;
      }
    }
    this.feed_ = feed;
    void this.load(at_ms);
  }

  pause(paused: boolean): void {
    this.paused_ = paused;
    if (paused) {
      this.options_.video.pause();
      this.options_.on_state('paused');
    } else {
      this.play();
    }
  }

  private play(): void {
    this.options_.video.play().catch(() => {
      this.options_.video.muted = true;
      this.options_.video.play().catch(() => undefined);
    });
  }

  private unload(): void {
    if (this.options_.cover) paint_cover(this.options_.cover, this.options_.video);
    clearTimeout(this.deadline_);
    this.hls_?.destroy();
    this.hls_ = undefined;
    this.stretches_ = [];
    this.placed_ = false;
    if (this.options_.video.hasAttribute('src')) {
      this.options_.video.removeAttribute('src');
      this.options_.video.load();
    }
  }

  private async load(at_ms: number): Promise<void> {
    const turn = ++this.turn_;
    this.unload();
    this.options_.on_state('loading');
    const end_ms = Math.min(
      at_ms + kWindow_ms,
      this.options_.until_ms ?? Infinity,
      this.options_.now_ms()
    );
    if (end_ms - at_ms < 1000) {
      this.options_.on_state('ended');
      return;
    }
    this.window_end_ms_ = end_ms;
    const url = urls.playback(this.feed_, at_ms, end_ms);
    const { default: Engine } = await import('hls.js');
    if (this.closed_ || turn !== this.turn_) return;
    this.deadline_ = setTimeout(() => this.fail(turn, 'failed'), kGiveUp_ms);
    if (!Engine.isSupported()) {
      this.load_native(url, at_ms);
      return;
    }
    const hls = new Engine({
      startPosition: 0,
      maxBufferLength: 20,
      backBufferLength: 30,
      enableWorker: false,
      manifestLoadPolicy: Engine.DefaultConfig.manifestLoadPolicy
    });
    this.hls_ = hls;
    hls.on(Engine.Events.LEVEL_UPDATED, (_event, data) => {
      if (turn === this.turn_) this.read_details(data.details);
    });
    hls.on(Engine.Events.FRAG_BUFFERED, () => {
      if (turn !== this.turn_ || this.placed_) return;
      this.placed_ = true;
      clearTimeout(this.deadline_);
      const position_s = this.position_of(this.wanted_ms_);
      if (position_s !== undefined && position_s > 0.05) {
        this.options_.video.currentTime = position_s;
      }
      if (this.paused_) this.options_.on_state('paused');
      else this.play();
    });
    hls.on(Engine.Events.ERROR, (_event, data) => {
      if (turn !== this.turn_ || !data.fatal) return;
      if (data.type === Engine.ErrorTypes.MEDIA_ERROR && this.failures_++ < 3) {
        hls.recoverMediaError();
        return;
      }
      const empty =
        data.details === Engine.ErrorDetails.LEVEL_EMPTY_ERROR ||
        data.details === Engine.ErrorDetails.MANIFEST_PARSING_ERROR ||
        data.response?.code === 404;
      this.fail(turn, empty ? 'empty' : 'failed');
    });
    hls.loadSource(url);
    hls.attachMedia(this.options_.video);
  }

  private load_native(url: string, at_ms: number): void {
    const video = this.options_.video;
    this.native_start_ms_ = at_ms;
    video.src = url;
    video.addEventListener(
      'loadedmetadata',
      () => {
        const dated = video as HTMLVideoElement & { getStartDate?: () => Date };
        const start_ms = dated.getStartDate?.().getTime();
        if (start_ms && Number.isFinite(start_ms)) {
          this.native_start_ms_ = start_ms;
          video.currentTime = Math.max(0, (at_ms - start_ms) / 1000);
        }
        this.placed_ = true;
        clearTimeout(this.deadline_);
        if (!this.paused_) this.play();
      },
      { once: true }
    );
  }

  private fail(turn: number, state: PastState): void {
    if (turn !== this.turn_ || this.closed_) return;
    this.unload();
    this.options_.on_state(state);
  }

  private read_details(details: LevelDetails): void {
    this.stretches_ = stretches_of(details.fragments);
  }

  private position_of(at_ms: number): number | undefined {
    return position_of(this.stretches_, at_ms);
  }

  /** UTC of the frame shown. */
  moment_ms(): number | undefined {
    const position_s = this.options_.video.currentTime;
    if (!this.placed_) return undefined;
    if (!this.hls_) return this.native_start_ms_ + position_s * 1000;
    return moment_of(this.stretches_, position_s);
  }

  private tick(): void {
    if (this.options_.follow) this.follow(this.options_.follow());
    if (!this.placed_ || this.options_.video.seeking) return;
    const moment_ms = this.moment_ms();
    if (moment_ms === undefined) return;
    this.options_.on_moment(moment_ms);
    const last = this.stretches_.at(-1);
    const video = this.options_.video;
    // A sound track a few milliseconds longer than the picture keeps `ended` from firing.
    if (last && !this.paused_ && video.currentTime > last.end_s - 0.25 && !video.ended) {
      if (video.readyState < 3) this.on_ended_();
    }
  }

  /** Plays a little faster or slower, waits, or goes where the other picture is. */
  private follow(wanted_ms: number | undefined): void {
    const video = this.options_.video;
    if (wanted_ms === undefined || video.seeking) return;
    const moment_ms = this.placed_ ? this.moment_ms() : undefined;
    if (moment_ms === undefined) {
      const waits = this.deadline_ !== undefined && this.hls_ !== undefined;
      if (waits || Math.abs(wanted_ms - this.wanted_ms_) < kLookAgain_ms) return;
      this.seek(this.feed_, wanted_ms);
      return;
    }
    const rate = video.defaultPlaybackRate;
    const behind_ms = wanted_ms - moment_ms;
    if (this.paused_) {
      if (Math.abs(behind_ms) > 20 && behind_ms > -1500) this.seek(this.feed_, wanted_ms);
      return;
    }
    const drift = in_step(behind_ms, rate);
    if (drift.seek) {
      this.seek(this.feed_, wanted_ms);
    } else if (drift.rate === 0) {
      video.pause();
    } else {
      if (Math.abs(video.playbackRate - drift.rate) > 0.005) video.playbackRate = drift.rate;
      if (video.paused && video.readyState >= 2) this.play();
    }
  }

  private on_playing_ = (): void => {
    this.failures_ = 0;
    this.options_.on_state('playing');
  };

  private on_ended_ = (): void => {
    if (!this.placed_) return;
    const next_ms = this.window_end_ms_;
    const stop_ms = Math.min(this.options_.until_ms ?? Infinity, this.options_.now_ms() - 4000);
    if (next_ms >= stop_ms) {
      this.placed_ = false;
      this.options_.on_state('ended');
    } else {
      this.wanted_ms_ = next_ms;
      void this.load(next_ms);
    }
  };
}

/** The playlist as stretches of true time; fragments without a date continue the one before. */
export function stretches_of(
  fragments: readonly Pick<Fragment, 'start' | 'duration' | 'programDateTime'>[]
): Stretch[] {
  const stretches: Stretch[] = [];
  for (const fragment of fragments) {
    const before = stretches.at(-1);
    const utc_ms =
      fragment.programDateTime ??
      (before ? before.utc_ms + (fragment.start - before.start_s) * 1000 : undefined);
    if (utc_ms === undefined) continue;
    stretches.push({ start_s: fragment.start, end_s: fragment.start + fragment.duration, utc_ms });
  }
  return stretches;
}

/** Where a moment lies; in a gap, where the picture comes back; undefined outside the playlist. */
export function position_of(stretches: readonly Stretch[], at_ms: number): number | undefined {
  const first = stretches[0];
  const last = stretches.at(-1);
  if (!first || !last) return undefined;
  if (at_ms < first.utc_ms - 1000) return undefined;
  if (at_ms > last.utc_ms + (last.end_s - last.start_s) * 1000) return undefined;
  for (const stretch of stretches) {
    const end_ms = stretch.utc_ms + (stretch.end_s - stretch.start_s) * 1000;
    if (at_ms < end_ms) return stretch.start_s + Math.max(0, (at_ms - stretch.utc_ms) / 1000);
  }
  return undefined;
}

export function moment_of(stretches: readonly Stretch[], position_s: number): number | undefined {
  let low = 0;
  let high = stretches.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (stretches[middle]!.start_s <= position_s + 0.001) low = middle;
    else high = middle - 1;
  }
  const stretch = stretches[low];
  return stretch && stretch.utc_ms + (position_s - stretch.start_s) * 1000;
}
