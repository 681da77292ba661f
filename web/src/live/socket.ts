// One WebSocket for all pictures of a page. It reconnects by itself, keeps the server's clock, and
// tells its subscribers nothing about broken connections but that data starts again with an init.
import { ServerClock } from './clock';
import {
  parse_binary,
  parse_text,
  ping_text,
  resume_text,
  subscribe_text,
  unsubscribe_text,
  type FeedStateNote,
  type Init,
  type Part,
  type Subscription
} from './wire';

export type LinkState = 'closed' | 'connecting' | 'open' | 'waiting';

/** Who takes what arrives in one slot. */
export interface SlotSink {
  on_init(init: Init): void;
  on_part(part: Part): void;
  on_state(note: FeedStateNote): void;
  /** The server ended this subscription; it stays ended until asked for again. */
  on_error(kind: string, message: string): void;
  /** The connection was lost and is back: what follows begins with an init. */
  on_reopen(): void;
}

interface Slot {
  subscription: Subscription;
  sink: SlotSink;
  last?: { recording: number; part: number };
}

export interface SocketOptions {
  url: string;
  clock: ServerClock;
  on_link?: (state: LinkState, failures: number) => void;
  /** For tests. */
  make_socket?: (url: string) => WebSocket;
  random?: () => number;
}

export const kSlots = 64;
const kPingEvery_ms = 2000;
const kSilence_ms = 7000;
const kConnectDeadline_ms = 8000;
const kBackoffFirst_ms = 250;
const kBackoffMax_ms = 4000;

/** Delay before attempt number `failures`: doubling, at most 4 s, and ±30 % so that a hall of
 *  screens does not come back in one instant. */
export function backoff_ms(failures: number, random: number): number {
  const base = Math.min(kBackoffMax_ms, kBackoffFirst_ms * 2 ** Math.max(0, failures - 1));
  return base * (0.7 + 0.6 * random);
}

export class PartSocket {
  private options_: SocketOptions;
  private socket_: WebSocket | undefined;
  private slots_ = new Map<number, Slot>();
  private next_slot_ = 0;
  private state_: LinkState = 'closed';
  private failures_ = 0;
  private ever_open_ = false;
  private heard_ms_ = 0;
  private ping_id_ = 0;
  private pings_ = new Map<number, number>();
  private retry_: ReturnType<typeof setTimeout> | undefined;
  private deadline_: ReturnType<typeof setTimeout> | undefined;
  private ticker_: ReturnType<typeof setInterval> | undefined;
  private online_ = () => this.retry_now();

  constructor(options: SocketOptions) {
    this.options_ = options;
  }

  get state(): LinkState {
    return this.state_;
  }
  get failures(): number {
    return this.failures_;
  }
  get ever_open(): boolean {
    return this.ever_open_;
  }

  open(): void {
    if (this.state_ !== 'closed') return;
    globalThis.addEventListener?.('online', this.online_);
    this.ticker_ = setInterval(() => this.tick(), kPingEvery_ms);
    this.connect();
  }

  close(): void {
    globalThis.removeEventListener?.('online', this.online_);
    clearInterval(this.ticker_);
    clearTimeout(this.retry_);
    this.drop();
    this.set_state('closed');
  }

  /** Tries again at once when waiting to; does nothing otherwise. */
  retry_now(): void {
    if (this.state_ !== 'waiting') return;
    clearTimeout(this.retry_);
    this.connect();
  }

  /** Asks for a feed; answers its slot, or undefined when all 64 are taken. */
  subscribe(wanted: Omit<Subscription, 'slot'>, sink: SlotSink): number | undefined {
    // Slots are taken in turn: what is still under way for a slot just left must not reach the
    // next one who asks.
    for (let tried = 0; tried < kSlots; tried++) {
      const slot = (this.next_slot_ + tried) % kSlots;
      if (this.slots_.has(slot)) continue;
      this.next_slot_ = (slot + 1) % kSlots;
      const subscription = { ...wanted, slot };
      this.slots_.set(slot, { subscription, sink });
      if (this.state_ === 'open') this.send(subscribe_text(subscription));
      return slot;
    }
    return undefined;
  }

  unsubscribe(slot: number): void {
    if (!this.slots_.delete(slot)) return;
    if (this.state_ === 'open') this.send(unsubscribe_text(slot));
  }

  /** Makes the server start this slot again with an init. */
  renew(slot: number): void {
    const held = this.slots_.get(slot);
    if (!held) return;
    delete held.last;
    if (this.state_ !== 'open') return;
    this.send(unsubscribe_text(slot));
    this.send(subscribe_text(held.subscription));
  }

  private set_state(state: LinkState): void {
    this.state_ = state;
    this.options_.on_link?.(state, this.failures_);
  }

  private send(text: string): void {
    if (this.socket_?.readyState === 1) this.socket_.send(text);
  }

  private connect(): void {
    this.drop();
    this.set_state('connecting');
    let socket: WebSocket;
    try {
      socket = this.options_.make_socket?.(this.options_.url) ?? new WebSocket(this.options_.url);
    } catch {
      this.failed();
      return;
    }
    socket.binaryType = 'arraybuffer';
    this.socket_ = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = (event) => this.heard(event.data);
    socket.onclose = () => this.failed();
    socket.onerror = () => this.failed();
    this.deadline_ = setTimeout(() => this.failed(), kConnectDeadline_ms);
  }

  private opened(): void {
    clearTimeout(this.deadline_);
    this.heard_ms_ = performance.now();
    const again = this.ever_open_;
    this.ever_open_ = true;
    this.pings_.clear();
    this.set_state('open');
    for (const [slot, held] of this.slots_) {
      this.send(subscribe_text(held.subscription));
      if (held.last) this.send(resume_text(slot, held.last.recording, held.last.part));
      if (again) held.sink.on_reopen();
    }
    this.ping();
  }

  private failed(): void {
    this.drop();
    if (this.state_ === 'closed') return;
    this.failures_++;
    this.set_state('waiting');
    clearTimeout(this.retry_);
    const random = this.options_.random?.() ?? Math.random();
    this.retry_ = setTimeout(() => this.connect(), backoff_ms(this.failures_, random));
  }

  /** Lets go of the present socket without waiting: closing a half-open one can take minutes. */
  private drop(): void {
    clearTimeout(this.deadline_);
    const socket = this.socket_;
    this.socket_ = undefined;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
    try {
      socket.close();
    } catch {
      // It never opened; there is nothing to let go of.
    }
  }

  private heard(data: unknown): void {
    this.heard_ms_ = performance.now();
    this.failures_ = 0;
    if (typeof data === 'string') {
      this.heard_text(data);
      return;
    }
    if (!(data instanceof ArrayBuffer)) return;
    const message = parse_binary(data);
    if (!message) return;
    const held = this.slots_.get(message.slot);
    if (!held) return;
    if (message.kind === 'init') {
      held.sink.on_init(message);
    } else {
      held.last = { recording: message.recording, part: message.number };
      held.sink.on_part(message);
    }
  }

  private heard_text(text: string): void {
    const message = parse_text(text);
    if (!message) return;
    if ('pong' in message) {
      const sent_ms = this.pings_.get(message.pong);
      this.pings_.delete(message.pong);
      if (sent_ms !== undefined) {
        this.options_.clock.take(sent_ms, Date.now(), Date.parse(message.now));
      }
    } else if ('state' in message) {
      const held = this.slots_.get(message.state.slot);
      if (held && held.subscription.feed === message.state.feed) held.sink.on_state(message.state);
    } else {
      this.slots_.get(message.error.slot)?.sink.on_error(message.error.kind, message.error.message);
    }
  }

  private ping(): void {
    if (this.pings_.size > 8) this.pings_.clear();
    const id = ++this.ping_id_;
    this.pings_.set(id, Date.now());
    this.send(ping_text(id));
  }

  private tick(): void {
    if (this.state_ !== 'open') return;
    if (performance.now() - this.heard_ms_ > kSilence_ms) this.failed();
    else this.ping();
  }
}
