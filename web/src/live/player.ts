// One live picture: parts from the socket into Media Source, kept close to live, healed when stuck.
//
// The element's time line is without gaps (see timeline_map.ts). What is under way to the
// SourceBuffer waits in one bounded queue; a decoder that does not keep up is rebuilt, not fed.
import type { ServerClock } from './clock';
import type { PartSocket, SlotSink } from './socket';
import type { FeedStateNote, Init, Part } from './wire';
import { Pacer } from './pacing';
import { TimelineMap } from './timeline_map';

export type Picture = 'waiting' | 'playing' | 'stalled' | 'unsupported' | 'error';

export interface PlayerStatus {
  picture: Picture;
  /** The feed's own state, as the server said it last. */
  feed_state: string;
  feed_reason: string;
  feed_since: string;
  behind_ms: number | undefined;
  rendition: string;
  stalls: number;
  rebuilds: number;
  error: string;
}

export interface PlayerOptions {
  feed: string;
  rendition: 'auto' | 'main' | 'sub' | 'made';
  audio: boolean;
  /** Seconds kept behind the picture. */
  keep_s: number;
  /** Wanted distance to the end of the buffer. */
  target_s: number;
  video: HTMLVideoElement;
  /** Lies under the video and shows the last frame while the video is rebuilt. */
  cover?: HTMLCanvasElement;
  on_change?: (status: PlayerStatus) => void;
}

type Step =
  | { append: Uint8Array<ArrayBuffer>; offset_s?: number }
  | { type: string }
  | { remove_to_s: number };

const kQueueMax = 96;
const kNudge_ms = 1200;
const kSeek_ms = 2600;
const kRebuild_ms = 5000;
const kNoPart_ms = 5000;
const kRebuildEveryMin_ms = 1000;
const kRebuildEveryMax_ms = 8000;

type MediaSourceClass = typeof MediaSource;

/** Safari on phones has only the managed kind. */
export function media_source_class(): MediaSourceClass | undefined {
  const scope = globalThis as unknown as Record<string, MediaSourceClass | undefined>;
  return scope.MediaSource ?? scope.ManagedMediaSource;
}

/** The codec families this browser can play, in the socket's words. */
export function playable_codecs(): string[] {
  const source = media_source_class();
  if (!source) return [];
  const probes: Record<string, string> = {
    avc1: 'video/mp4; codecs="avc1.640028"',
    hvc1: 'video/mp4; codecs="hvc1.1.6.L120.90"',
    av01: 'video/mp4; codecs="av01.0.08M.08"',
    mp4a: 'audio/mp4; codecs="mp4a.40.2"',
    opus: 'audio/mp4; codecs="opus"'
  };
  return Object.keys(probes).filter((name) => source.isTypeSupported(probes[name]!));
}

function codec_count(mime: string): number {
  return mime.split(',').length;
}

export class LivePlayer implements SlotSink {
  readonly video: HTMLVideoElement;
  private options_: PlayerOptions;
  private socket_: PartSocket;
  private clock_: ServerClock;
  private slot_: number | undefined;
  private source_: MediaSource | undefined;
  private buffer_: SourceBuffer | undefined;
  private mime_ = '';
  private init_: Init | undefined;
  private queue_: Step[] = [];
  private map_ = new TimelineMap();
  private pacer_: Pacer;
  private started_ = false;
  private closed_ = false;
  private need_independent_ = true;
  private position_s_ = 0;
  private moved_ms_ = performance.now();
  private part_ms_ = performance.now();
  private rebuilt_ms_ = -Infinity;
  private rebuild_pause_ms_ = kRebuildEveryMin_ms;
  private status_: PlayerStatus = {
    picture: 'waiting',
    feed_state: '',
    feed_reason: '',
    feed_since: '',
    behind_ms: undefined,
    rendition: '',
    stalls: 0,
    rebuilds: 0,
    error: ''
  };

  constructor(socket: PartSocket, clock: ServerClock, options: PlayerOptions) {
    this.socket_ = socket;
    this.clock_ = clock;
    this.options_ = options;
    this.video = options.video;
    this.pacer_ = new Pacer(options.target_s);
    this.video.muted = true;
    this.video.playsInline = true;
    this.video.disableRemotePlayback = true;
    this.video.addEventListener('error', this.on_video_error_);
    this.slot_ = socket.subscribe(
      {
        feed: options.feed,
        rendition: options.rendition,
        audio: options.audio,
        codecs: playable_codecs()
      },
      this
    );
    if (this.slot_ === undefined) this.set({ picture: 'error', error: 'exhausted' });
  }

  get feed(): string {
    return this.options_.feed;
  }
  get status(): PlayerStatus {
    return this.status_;
  }

  /** UTC of the frame shown, milliseconds since 1970. */
  utc_ms(): number | undefined {
    return this.started_ ? this.map_.utc_ms(this.video.currentTime) : undefined;
  }

  close(): void {
    if (this.closed_) return;
    this.closed_ = true;
    if (this.slot_ !== undefined) this.socket_.unsubscribe(this.slot_);
    this.video.removeEventListener('error', this.on_video_error_);
    this.tear_down();
  }

  // --- what the socket says -------------------------------------------------------------------

  on_state(note: FeedStateNote): void {
    this.set({ feed_state: note.state, feed_reason: note.reason, feed_since: note.since });
  }

  on_error(kind: string, _message: string): void {
    this.part_ms_ = performance.now();
    this.set({ picture: 'error', error: kind });
  }

  on_reopen(): void {
    // What was learnt about silence belongs to the old connection.
    this.part_ms_ = performance.now();
    this.need_independent_ = true;
    if (this.status_.picture === 'error') this.set({ picture: 'waiting', error: '' });
  }

  on_init(init: Init): void {
    this.part_ms_ = performance.now();
    if (this.status_.picture === 'error') this.set({ picture: 'waiting', error: '' });
    this.init_ = init;
    this.need_independent_ = true;
    this.set({ rendition: init.rendition });
    if (!this.source_) {
      this.build(init);
    } else if (init.mime === this.mime_) {
      this.push({ append: init.bytes });
    } else if (codec_count(init.mime) === codec_count(this.mime_) && this.buffer_?.changeType) {
      this.mime_ = init.mime;
      this.push({ type: init.mime });
      this.push({ append: init.bytes });
    } else {
      // Media Source cannot change the number of tracks: begin again under the last frame.
      this.tear_down();
      this.build(init);
    }
  }

  on_part(part: Part): void {
    this.part_ms_ = performance.now();
    if (!this.init_ || !this.source_) return;
    if (this.need_independent_ && !part.independent) return;
    this.need_independent_ = false;
    const queued = this.queue_.some((step) => 'append' in step);
    const end_s = queued ? this.map_.end_s : (this.buffered_end() ?? this.map_.end_s);
    const placed = this.map_.place(part, this.init_.run, end_s);
    this.push({ append: part.bytes, ...(placed.moved ? { offset_s: placed.offset_s } : {}) });
  }

  // --- Media Source -----------------------------------------------------------------------------

  private build(init: Init): void {
    const source_class = media_source_class();
    if (!source_class?.isTypeSupported(init.mime)) {
      this.set({ picture: 'unsupported', error: init.mime });
      return;
    }
    const source = new source_class();
    this.source_ = source;
    this.mime_ = init.mime;
    this.map_.reset();
    this.started_ = false;
    this.queue_ = [{ append: init.bytes }];
    const url = URL.createObjectURL(source);
    source.addEventListener(
      'sourceopen',
      () => {
        URL.revokeObjectURL(url);
        if (this.source_ !== source) return;
        try {
          this.buffer_ = source.addSourceBuffer(this.mime_);
        } catch (error) {
          this.set({ picture: 'unsupported', error: String(error) });
          return;
        }
        this.buffer_.mode = 'segments';
        this.buffer_.addEventListener('updateend', this.pump_);
        this.pump_();
      },
      { once: true }
    );
    this.video.src = url;
    this.moved_ms_ = performance.now();
  }

  private tear_down(): void {
    if (this.options_.cover && this.started_) paint_cover(this.options_.cover, this.video);
    this.buffer_?.removeEventListener('updateend', this.pump_);
    this.buffer_ = undefined;
    this.source_ = undefined;
    this.queue_ = [];
    this.started_ = false;
    this.need_independent_ = true;
    if (this.video.hasAttribute('src')) {
      this.video.removeAttribute('src');
      this.video.load();
    }
  }

  /** Begins again from nothing; not more often than once a second, and slower when it keeps failing. */
  private rebuild(why: string): void {
    const now = performance.now();
    if (now - this.rebuilt_ms_ < this.rebuild_pause_ms_) return;
    this.rebuild_pause_ms_ =
      now - this.rebuilt_ms_ < 30_000
        ? Math.min(kRebuildEveryMax_ms, this.rebuild_pause_ms_ * 2)
        : kRebuildEveryMin_ms;
    this.rebuilt_ms_ = now;
    this.tear_down();
    this.init_ = undefined;
    this.moved_ms_ = now;
    this.part_ms_ = now;
    this.set({ picture: 'waiting', rebuilds: this.status_.rebuilds + 1, error: why });
    if (this.slot_ !== undefined) this.socket_.renew(this.slot_);
  }

  private push(step: Step): void {
    this.queue_.push(step);
    if (this.queue_.length > kQueueMax) this.rebuild('the decoder does not keep up');
    else this.pump_();
  }

  private pump_ = (): void => {
    const buffer = this.buffer_;
    if (!buffer || buffer.updating || this.source_?.readyState !== 'open') return;
    this.start();
    const step = this.queue_.shift();
    if (!step) return;
    try {
      if ('append' in step) {
        if (step.offset_s !== undefined) buffer.timestampOffset = step.offset_s;
        buffer.appendBuffer(step.append);
      } else if ('type' in step) {
        buffer.changeType(step.type);
        this.pump_();
      } else {
        buffer.remove(0, step.remove_to_s);
      }
    } catch (error) {
      if ((error as DOMException).name === 'QuotaExceededError' && this.trim(1)) {
        this.queue_.splice(1, 0, step);
        return;
      }
      this.rebuild(String(error));
    }
  };

  /** Plays as soon as there is anything to play. */
  private start(): void {
    if (this.started_ || this.video.buffered.length === 0) return;
    this.started_ = true;
    this.pacer_.jumped();
    this.video.currentTime = this.video.buffered.start(0);
    this.play();
  }

  private play(): void {
    this.video.play().catch(() => {
      // Refused with sound and without a gesture: silent is always allowed.
      this.video.muted = true;
      this.video.play().catch(() => undefined);
    });
  }

  private buffered_end(): number | undefined {
    const ranges = this.video.buffered;
    return ranges.length ? ranges.end(ranges.length - 1) : undefined;
  }

  /** Queues the removal of what lies more than `keep_s` back; false when there is nothing. */
  private trim(keep_s: number): boolean {
    const ranges = this.video.buffered;
    if (!ranges.length) return false;
    const to_s = this.video.currentTime - keep_s;
    if (to_s - ranges.start(0) < 2) return false;
    this.queue_.unshift({ remove_to_s: to_s });
    this.pump_();
    return true;
  }

  private on_video_error_ = (): void => {
    if (!this.closed_ && this.source_) this.rebuild(this.video.error?.message ?? 'video error');
  };

  // --- the watch --------------------------------------------------------------------------------

  /** Called four times a second while the page is seen. */
  tick(): void {
    if (this.closed_) return;
    const now = performance.now();
    if (this.socket_.state === 'open' && this.status_.feed_state === 'live') {
      if (now - this.part_ms_ > kNoPart_ms && this.slot_ !== undefined) {
        this.part_ms_ = now;
        this.need_independent_ = true;
        this.socket_.renew(this.slot_);
      }
    }
    if (this.status_.picture === 'error' && now - this.part_ms_ > kNoPart_ms) {
      // A feed that was not there may be there by now.
      this.part_ms_ = now;
      if (this.slot_ !== undefined) this.socket_.renew(this.slot_);
    }
    if (!this.started_) {
      if (this.source_ && this.queue_.length && now - this.moved_ms_ > kRebuild_ms) {
        this.rebuild('nothing to play');
      }
      return;
    }
    const position_s = this.video.currentTime;
    const ahead_s = (this.buffered_end() ?? position_s) - position_s;
    if (position_s !== this.position_s_) {
      this.position_s_ = position_s;
      this.moved_ms_ = now;
    }
    const still_ms = now - this.moved_ms_;
    if (still_ms > 1000) this.unstick(still_ms, ahead_s, position_s);
    else this.keep_pace(ahead_s);
    if (this.queue_.length === 0) this.trim(this.options_.keep_s);
    const utc_ms = this.utc_ms();
    this.set({
      picture: still_ms < 1000 ? 'playing' : 'stalled',
      behind_ms: utc_ms === undefined ? undefined : Math.round(this.clock_.now_ms() - utc_ms)
    });
  }

  private keep_pace(ahead_s: number): void {
    const pace = this.pacer_.step(ahead_s);
    if (pace.seek_behind_s !== undefined && !this.video.seeking)
      this.seek_behind(pace.seek_behind_s);
    if (Math.abs(this.video.playbackRate - pace.rate) > 0.004) this.video.playbackRate = pace.rate;
  }

  private seek_behind(behind_s: number): void {
    const ranges = this.video.buffered;
    if (!ranges.length) return;
    const last = ranges.length - 1;
    this.video.currentTime = Math.max(ranges.start(last), ranges.end(last) - behind_s);
    this.pacer_.jumped();
  }

  private unstick(still_ms: number, ahead_s: number, position_s: number): void {
    if (this.status_.picture === 'playing') {
      this.pacer_.stalled();
      this.set({ stalls: this.status_.stalls + 1 });
    }
    // Nothing to play is no fault of the player's: the camera or the network is away.
    if (ahead_s < 0.25) {
      if (this.queue_.length === 0 && this.video.error === null) return;
    }
    if (still_ms > kRebuild_ms) {
      this.rebuild('stuck');
    } else if (still_ms > kSeek_ms) {
      if (!this.video.seeking) this.seek_behind(this.pacer_.target_s);
      this.play();
    } else if (still_ms > kNudge_ms) {
      const ranges = this.video.buffered;
      for (let i = 0; i < ranges.length; i++) {
        if (ranges.start(i) > position_s && ranges.start(i) < position_s + 60) {
          this.video.currentTime = ranges.start(i) + 0.01;
          break;
        }
      }
      if (this.video.paused) this.play();
    }
  }

  private set(change: Partial<PlayerStatus>): void {
    let changed = false;
    for (const key of Object.keys(change) as (keyof PlayerStatus)[]) {
      if (this.status_[key] !== change[key]) changed = true;
    }
    if (!changed) return;
    this.status_ = { ...this.status_, ...change };
    if (!this.closed_) this.options_.on_change?.(this.status_);
  }
}

/** Keeps the frame a video shows, at most 1280 wide. */
export function paint_cover(cover: HTMLCanvasElement, video: HTMLVideoElement): void {
  if (video.videoWidth === 0 || video.readyState < 2) return;
  const scale = Math.min(1, 1280 / video.videoWidth);
  cover.width = Math.round(video.videoWidth * scale);
  cover.height = Math.round(video.videoHeight * scale);
  cover.getContext('2d')?.drawImage(video, 0, 0, cover.width, cover.height);
}
