// Everything live on one page: one socket, one clock, one ticker, many pictures.
import { ServerClock } from './clock';
import { LivePlayer, playable_codecs, type PlayerOptions } from './player';
import { PartSocket, type LinkState, type SlotSink } from './socket';
import type { FeedStateNote, Init, Part } from './wire';

const kTick_ms = 250;

/** So many refusals in a row, and never an opening, mean that something on the way eats sockets. */
const kSocketHopeless = 3;

export type LinkListener = (state: LinkState, failures: number) => void;

export class LiveHub {
  readonly clock = new ServerClock();
  readonly socket: PartSocket;
  private players_ = new Set<LivePlayer>();
  private listeners_ = new Set<LinkListener>();
  private ticker_: ReturnType<typeof setInterval> | undefined;
  private without_socket_ = false;

  constructor(url: string = socket_url()) {
    this.socket = new PartSocket({
      url,
      clock: this.clock,
      on_link: (state, failures) => {
        if (state === 'open') this.without_socket_ = false;
        for (const listener of this.listeners_) listener(state, failures);
        if (state === 'waiting') void this.judge(failures);
      }
    });
  }

  /** True where the program answers but the socket does not come through: HLS takes its place. */
  get without_socket(): boolean {
    return this.without_socket_;
  }

  private async judge(failures: number): Promise<void> {
    if (this.without_socket_ || this.socket.ever_open || failures < kSocketHopeless) return;
    const answer = await fetch('/healthz', { signal: AbortSignal.timeout(3000) }).catch(() => null);
    if (!answer?.ok || this.socket.ever_open) return;
    this.without_socket_ = true;
    for (const listener of this.listeners_) listener(this.socket.state, this.socket.failures);
  }

  open(): void {
    this.socket.open();
    this.ticker_ ??= setInterval(() => {
      if (document.hidden) return;
      for (const player of this.players_) player.tick();
    }, kTick_ms);
  }

  close(): void {
    clearInterval(this.ticker_);
    this.ticker_ = undefined;
    for (const player of this.players_) player.close();
    this.players_.clear();
    this.socket.close();
  }

  play(options: PlayerOptions): LivePlayer {
    const player = new LivePlayer(this.socket, this.clock, options);
    this.players_.add(player);
    return player;
  }

  stop(player: LivePlayer): void {
    this.players_.delete(player);
    player.close();
  }

  /** The video of another picture that shows this feed now, to borrow its frame from. */
  showing(feed: string): HTMLVideoElement | undefined {
    for (const player of this.players_) {
      if (player.feed === feed && player.video.readyState >= 2) return player.video;
    }
    return undefined;
  }

  on_link(listener: LinkListener): () => void {
    this.listeners_.add(listener);
    return () => this.listeners_.delete(listener);
  }
}

export function socket_url(): string {
  const url = new URL('/live/socket', location.href);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

export { playable_codecs };
export type { SlotSink, FeedStateNote, Init, Part };
