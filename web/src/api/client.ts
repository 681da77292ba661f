// The program's JSON over HTTP: one function to ask, problems as one error type.

export class Problem extends Error {
  readonly status: number;
  /** What the answer says beside its words: `now` of a 412, `clashes`. */
  readonly members: Record<string, unknown>;
  constructor(status: number, detail: string, members: Record<string, unknown> = {}) {
    super(detail);
    this.status = status;
    this.members = members;
  }
}

const kDeadline_ms = 15_000;

/** Asks and reads JSON. Throws Problem for an answer that is none, and for no answer (status 0). */
export async function ask<T>(
  path: string,
  init: {
    method?: string;
    body?: unknown;
    deadline_ms?: number;
    headers?: Record<string, string>;
  } = {}
): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, {
      method: init.method ?? 'GET',
      headers: {
        ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...init.headers
      },
      body: init.body === undefined ? null : JSON.stringify(init.body),
      credentials: 'same-origin',
      signal: AbortSignal.timeout(init.deadline_ms ?? kDeadline_ms)
    });
  } catch {
    throw new Problem(0, '');
  }
  const text = response.status === 204 ? '' : await response.text();
  let value: unknown = undefined;
  try {
    value = text ? JSON.parse(text) : undefined;
  } catch {
    throw new Problem(response.status, response.statusText);
  }
  if (!response.ok) {
    const problem = value as Record<string, unknown> & { detail?: string; title?: string };
    throw new Problem(
      response.status,
      problem?.detail ?? problem?.title ?? response.statusText ?? String(response.status),
      problem
    );
  }
  return value as T;
}

/** All items of a list, page by page; at most 50 pages. */
export async function ask_all<T>(path: string): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let page = 0; page < 50; page++) {
    const join = path.includes('?') ? '&' : '?';
    const answer: { items: T[]; next?: string | null } = await ask(
      cursor ? `${path}${join}cursor=${encodeURIComponent(cursor)}` : path
    );
    items.push(...answer.items);
    cursor = answer.next ?? null;
    if (!cursor) break;
  }
  return items;
}

const id = encodeURIComponent;

export const urls = {
  snapshot(feed: string, options: { at_ms?: number; width?: number; fresh?: number } = {}): string {
    const query = new URLSearchParams();
    if (options.at_ms !== undefined) query.set('at', new Date(options.at_ms).toISOString());
    if (options.width !== undefined) query.set('width', String(options.width));
    if (options.fresh !== undefined) query.set('_', String(options.fresh));
    const text = query.toString();
    return `/snapshot/${id(feed)}.jpg${text ? `?${text}` : ''}`;
  },
  playback: (feed: string, start_ms: number, end_ms: number) =>
    `/playback/${id(feed)}/index.m3u8?start=${new Date(start_ms).toISOString()}&end=${new Date(end_ms).toISOString()}`,
  clip: (feed: string, start_ms: number, end_ms: number) =>
    `/clip/${id(feed)}.mp4?start=${new Date(start_ms).toISOString()}&end=${new Date(end_ms).toISOString()}`,
  live: (feed: string) => `/live/${id(feed)}/index.m3u8`,
  feed: (feed: string) => `/api/v1/feeds/${id(feed)}`,
  timeline: (feed: string, start_ms: number, end_ms: number) =>
    `/api/v1/feeds/${id(feed)}/timeline?start=${new Date(start_ms).toISOString()}&end=${new Date(end_ms).toISOString()}`,
  days: (feed: string, start_ms: number, end_ms: number, tz_offset_min: number) =>
    `/api/v1/feeds/${id(feed)}/coverage?by=day&start=${new Date(start_ms).toISOString()}&end=${new Date(end_ms).toISOString()}&tz_offset_min=${tz_offset_min}`,
  coverage_table: (feed: string, start_ms: number, end_ms: number, tz_offset_min: number) =>
    `/api/v1/feeds/${id(feed)}/coverage.csv?by=day&start=${new Date(start_ms).toISOString()}&end=${new Date(end_ms).toISOString()}&tz_offset_min=${tz_offset_min}`,
  film: (feed: string, start_ms: number, end_ms: number, length_s: number, day: boolean) =>
    `/api/v1/feeds/${id(feed)}/timelapse?start=${new Date(start_ms).toISOString()}&end=${new Date(end_ms).toISOString()}&length=${length_s}&light=${day ? 'day' : 'all'}`,
  strip: (feed: string, start_ms: number, end_ms: number, sun: string, side: string) =>
    `/api/v1/feeds/${id(feed)}/strip?start=${new Date(start_ms).toISOString()}&end=${new Date(end_ms).toISOString()}&sun=${sun}&side=${side}`,
  moment: (feed: string, at_ms: number) =>
    `/api/v1/feeds/${id(feed)}/moment?at=${new Date(at_ms).toISOString()}`,
  wall: (name: string) => `/api/v1/walls/${id(name)}`
};
