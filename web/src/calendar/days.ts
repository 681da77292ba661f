// A year of days with how much of each is recorded and why the rest is not.
import { ask, urls } from '../api/client';
import type { Coverage } from '../api/types';
import type { Place } from '../base/places.svelte';
import { day_key, day_start_ms, kDay_ms, zone_offset_ms } from '../base/format';

/** `2026-11-20`: a calendar date of the place. Its instants come from the place's zone. */
export type DayKey = string;

export interface DayCover {
  recorded_ms: number;
  missing_ms: Record<string, number>;
}
export type Days = ReadonlyMap<DayKey, DayCover>;

export const kRecorded = 'recorded';
/** Time that is in no account: before the first recording, or not yet. */
const kNothing = 'none';

/** Colours tell families apart (line, picture, people, computer, disk); words tell the rest. */
const kColours: Record<string, string> = {
  recorded: '#9fd4e6',
  starting: '#8aa0ad',
  link_down: '#f0a35e',
  refused: '#d9822b',
  not_a_stream: '#b5651d',
  silent: '#f6d28f',
  faulty_picture: '#e07bb0',
  parameters_changed: '#9fb8a0',
  clock_jumped: '#6fb3a0',
  length_reached: '#9fb8a0',
  paused: '#b79cf0',
  server_stopped: '#7f93b8',
  server_crashed: '#5a6b94',
  disk_behind: '#f08a6c',
  disk_full: '#e8604f',
  disk_failed: '#c23b3b',
  damaged: '#ff5fa2',
  withheld: '#4a4f68',
  deleted: '#8c7b62'
};
export const colour_of = (state: string): string => kColours[state] ?? '#c8c8c8';

export const date_key = (date_ms: number): DayKey => new Date(date_ms).toISOString().slice(0, 10);
export const date_of = (key: DayKey): number => Date.parse(key);
export const year_of = (key: DayKey): number => Number(key.slice(0, 4));

/** The dates of a month (0 to 11), as UTC midnights. */
export function month_dates(year: number, month: number): number[] {
  const first = Date.UTC(year, month, 1);
  const count = (Date.UTC(year, month + 1, 1) - first) / kDay_ms;
  return Array.from({ length: count }, (_, i) => first + i * kDay_ms);
}

/** The first instant of a calendar date at a place. */
export function instant_of(date_ms: number, time_zone: string | null | undefined): number {
  return day_start_ms(date_ms + kDay_ms / 2 - zone_offset_ms(date_ms, time_zone), time_zone);
}

/** Sums what the program answers by calendar date; instants are `offset_ms` behind local time. */
export function days_of(items: readonly Coverage[], offset_ms: number): Map<DayKey, DayCover> {
  const days = new Map<DayKey, DayCover>();
  for (const item of items) {
    const key = date_key(Date.parse(item.start) + offset_ms);
    const day = days.get(key);
    if (!day) {
      days.set(key, { recorded_ms: item.recorded_ms, missing_ms: { ...item.missing_ms } });
      continue;
    }
    day.recorded_ms += item.recorded_ms;
    for (const [reason, ms] of Object.entries(item.missing_ms))
      day.missing_ms[reason] = (day.missing_ms[reason] ?? 0) + ms;
  }
  return days;
}

/** Asks for the days of a year at a place, up to today. */
export async function load_year(place: Place, year: number, now_ms: number): Promise<Days> {
  const zone = place.site?.time_zone;
  const from = instant_of(Date.UTC(year, 0, 1), zone);
  const to = Math.min(instant_of(Date.UTC(year + 1, 0, 1), zone), now_ms);
  if (to <= from) return new Map();
  const offset_min = Math.round(zone_offset_ms(from, zone) / 60_000);
  const { items } = await ask<{ items: Coverage[] }>(
    urls.days(place.feed.id, from, to, offset_min)
  );
  return days_of(items, offset_min * 60_000);
}

/** What a day is made of, the largest missing first; what is in no account is left out. */
export function shares(day: DayCover | undefined): { state: string; ms: number }[] {
  if (!day) return [];
  const missing = Object.entries(day.missing_ms)
    .filter(([state, ms]) => state !== kNothing && ms > 0)
    .map(([state, ms]) => ({ state, ms }))
    .sort((a, b) => b.ms - a.ms);
  return day.recorded_ms > 0 ? [{ state: kRecorded, ms: day.recorded_ms }, ...missing] : missing;
}

/** A day as a column: recorded from the ground up, above it what is missing, by its share. */
export function day_paint(day: DayCover | undefined, to = 'to top'): string {
  const stops: string[] = [];
  let at = 0;
  for (const { state, ms } of shares(day)) {
    // A minute is seen as well as an hour: no share is thinner than a line.
    const end = Math.min(100, at + Math.max(3, (ms / kDay_ms) * 100));
    stops.push(`${colour_of(state)} ${at.toFixed(1)}% ${end.toFixed(1)}%`);
    at = end;
  }
  if (stops.length === 0) return 'none';
  if (at < 99.5) stops.push(`transparent ${at.toFixed(1)}% 100%`);
  return `linear-gradient(${to}, ${stops.join(', ')})`;
}

/** All states of the days with their sums: recorded first, then the largest. */
export function totals(days: Days): { state: string; ms: number }[] {
  const sum: DayCover = { recorded_ms: 0, missing_ms: {} };
  for (const day of days.values()) {
    sum.recorded_ms += day.recorded_ms;
    for (const [reason, ms] of Object.entries(day.missing_ms))
      sum.missing_ms[reason] = (sum.missing_ms[reason] ?? 0) + ms;
  }
  return shares(sum);
}

/** The years that can be chosen, newest first. */
export function years(place: Place, now_ms: number): number[] {
  const zone = place.site?.time_zone;
  const last = year_of(day_key(now_ms, zone));
  const first = place.feed.first_recorded_at
    ? year_of(day_key(Date.parse(place.feed.first_recorded_at), zone))
    : last;
  return Array.from({ length: Math.max(1, last - first + 1) }, (_, i) => last - i);
}
