// The messages of the part socket, read and written in one place.
// The byte layout is docs/reference/live-socket.md; nothing here does I/O.

export interface Init {
  kind: 'init';
  slot: number;
  mime: string;
  rendition: string;
  width: number;
  height: number;
  run: number;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface Part {
  kind: 'part';
  slot: number;
  /** Decoding can start here. */
  independent: boolean;
  /** The server left out parts before this one. */
  skipped: boolean;
  /** Decode times start anew with this part. */
  new_run: boolean;
  recording: number;
  number: number;
  /** UTC of the first decode time, milliseconds since 1970. */
  utc_ms: number;
  /** The same instant on the media time line of the run, seconds. */
  media_s: number;
  duration_s: number;
  bytes: Uint8Array<ArrayBuffer>;
}

export interface FeedStateNote {
  slot: number;
  feed: string;
  state: string;
  reason: string;
  since: string;
}

export interface Subscription {
  slot: number;
  feed: string;
  rendition: 'auto' | 'main' | 'sub' | 'made';
  audio: boolean;
  codecs: readonly string[];
}

export type TextMessage =
  | { state: FeedStateNote }
  | { error: { slot: number; kind: string; message: string } }
  | { pong: number; now: string };

const kFlagIndependent = 1;
const kFlagSkipped = 2;
const kFlagNewRun = 4;
const kPartHeaderBytes = 36;

/** Reads one binary message; undefined when it is not one this page knows. */
export function parse_binary(buffer: ArrayBuffer): Init | Part | undefined {
  if (buffer.byteLength < 4) return undefined;
  const view = new DataView(buffer);
  const kind = view.getUint8(0);
  const slot = view.getUint8(1);
  if (kind === 1) {
    const text_bytes = view.getUint16(2);
    if (buffer.byteLength < 4 + text_bytes) return undefined;
    try {
      const head = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, text_bytes)));
      if (typeof head.mime !== 'string') return undefined;
      return {
        kind: 'init',
        slot,
        mime: head.mime,
        rendition: String(head.rendition ?? 'main'),
        width: Number(head.width ?? 0),
        height: Number(head.height ?? 0),
        run: Number(head.run ?? 0),
        bytes: new Uint8Array(buffer, 4 + text_bytes)
      };
    } catch {
      return undefined;
    }
  }
  if (kind === 2 && buffer.byteLength > kPartHeaderBytes) {
    const flags = view.getUint8(2);
    return {
      kind: 'part',
      slot,
      independent: (flags & kFlagIndependent) !== 0,
      skipped: (flags & kFlagSkipped) !== 0,
      new_run: (flags & kFlagNewRun) !== 0,
      recording: Number(view.getBigUint64(4)),
      number: view.getUint32(12),
      utc_ms: Number(view.getBigInt64(16)) / 1000,
      media_s: Number(view.getBigInt64(24)) / 90000,
      duration_s: view.getUint32(32) / 90000,
      bytes: new Uint8Array(buffer, kPartHeaderBytes)
    };
  }
  return undefined;
}

/** Reads one text message; undefined when it is not JSON of a known shape. */
export function parse_text(text: string): TextMessage | undefined {
  try {
    const message = JSON.parse(text);
    if (message && typeof message === 'object') {
      if (message.state || message.error || message.pong !== undefined) return message;
    }
  } catch {
    return undefined;
  }
  return undefined;
}

export const subscribe_text = (subscription: Subscription) =>
  JSON.stringify({ subscribe: subscription });
export const unsubscribe_text = (slot: number) => JSON.stringify({ unsubscribe: { slot } });
export const resume_text = (slot: number, recording: number, part: number) =>
  JSON.stringify({ resume: { slot, recording, part } });
export const ping_text = (id: number) => JSON.stringify({ ping: id });
