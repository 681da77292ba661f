// How a picture of another time is called.
import { clock_time, duration_text, full_day, type Zone } from '../base/format';
import { t } from '../i18n/i18n.svelte';
import { is_year_apart } from './companions';

/** "A year ago · 20 November 2025, 08:30" */
export function then_words(back_ms: number, then_ms: number, zone: Zone): string {
  const day = `${full_day(then_ms, zone)}, ${clock_time(then_ms, zone)}`;
  const apart = is_year_apart(then_ms + back_ms, back_ms, zone.time_zone)
    ? t('beside.year_ago')
    : t(back_ms > 0 ? 'beside.earlier' : 'beside.later', {
        duration: duration_text(Math.abs(back_ms) / 1000, t)
      });
  return `${apart} · ${day}`;
}
