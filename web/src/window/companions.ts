// Pictures beside the large one: other places at the same moment, or the same place earlier.
import { day_key, kDay_ms, zone_offset_ms } from '../base/format';

export interface Companion {
  feed: string;
  /** How much earlier than the large picture; 0 is the same moment, negative is later. */
  back_ms: number;
}

/** The large one and three beside it. */
export const kCompanionsMax = 3;

/** `river,lake~31536000`: places, with seconds where they are earlier. */
export function companions_text(list: readonly Companion[]): string {
  return list
    .map(({ feed, back_ms }) => (back_ms === 0 ? feed : `${feed}~${Math.round(back_ms / 1000)}`))
    .join(',');
}

export function parse_companions(text: string | null): Companion[] {
  const list: Companion[] = [];
  for (const part of (text ?? '').split(',')) {
    const [feed = '', seconds] = part.split('~');
    const back_s = seconds === undefined ? 0 : Number(seconds);
    if (feed === '' || !Number.isFinite(back_s)) continue;
    list.push({ feed, back_ms: back_s * 1000 });
  }
  return list.slice(0, kCompanionsMax);
}

/** The same local date and time a year before; 28 February where there is no 29th. */
export function year_before(at_ms: number, time_zone: string | null | undefined): number {
  const offset_ms = zone_offset_ms(at_ms, time_zone);
  const local = new Date(at_ms + offset_ms);
  const year = local.getUTCFullYear() - 1;
  const month = local.getUTCMonth();
  const last = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const then_local =
    Date.UTC(year, month, Math.min(local.getUTCDate(), last)) +
    ((((at_ms + offset_ms) % kDay_ms) + kDay_ms) % kDay_ms);
  const guess_ms = then_local - offset_ms;
  return then_local - zone_offset_ms(guess_ms, time_zone);
}

/** Whether two instants are the same day and hour of different years there. */
export const is_year_apart = (
  at_ms: number,
  back_ms: number,
  time_zone: string | null | undefined
): boolean =>
  Math.abs(year_before(at_ms, time_zone) - (at_ms - back_ms)) < 60_000 &&
  day_key(at_ms, time_zone).slice(5) === day_key(at_ms - back_ms, time_zone).slice(5);
