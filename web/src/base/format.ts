// Times, sizes and numbers in words of the page's language.

export interface Zone {
  locale: string;
  time_zone?: string | null | undefined;
}

export const kDay_ms = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: Zone, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone.locale}|${zone.time_zone}|${JSON.stringify(options)}`;
  let found = formats.get(key);
  if (!found) {
    if (formats.size > 64) formats.clear();
    try {
      found = new Intl.DateTimeFormat(zone.locale, {
        ...options,
        timeZone: zone.time_zone ?? undefined
      });
    } catch {
      // A zone this browser does not know: its own is better than no time at all.
      found = new Intl.DateTimeFormat(zone.locale, options);
    }
    formats.set(key, found);
  }
  return found;
}

export const clock_time = (at_ms: number, zone: Zone, seconds = false) =>
  format(zone, {
    hour: '2-digit',
    minute: '2-digit',
    ...(seconds ? { second: '2-digit' } : {}),
    hourCycle: 'h23'
  }).format(at_ms);

export const day_name = (at_ms: number, zone: Zone) =>
  format(zone, { weekday: 'short', day: 'numeric', month: 'short' }).format(at_ms);

/** Day, year and minute, as a table has it. */
export const moment_text = (at_ms: number, zone: Zone) =>
  format(zone, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23'
  }).format(at_ms);

export const full_day = (at_ms: number, zone: Zone) =>
  format(zone, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }).format(at_ms);

export const month_name = (at_ms: number, zone: Zone) =>
  format(zone, { month: 'long', year: 'numeric' }).format(at_ms);

export const month_short = (date_ms: number, locale: string) =>
  format({ locale, time_zone: 'UTC' }, { month: 'short' }).format(date_ms);

export const weekday_letters = (locale: string): string[] => {
  // 2024-01-01 was a Monday.
  const letters = new Intl.DateTimeFormat(locale, { weekday: 'narrow', timeZone: 'UTC' });
  return [0, 1, 2, 3, 4, 5, 6].map((day) => letters.format(Date.UTC(2024, 0, 1 + day)));
};

/** How far a zone's clocks are ahead of UTC at an instant, milliseconds. */
export function zone_offset_ms(at_ms: number, time_zone: string | null | undefined): number {
  const parts = format(
    { locale: 'en-GB', time_zone },
    {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23'
    }
  ).formatToParts(at_ms);
  const read = (type: string) => Number(parts.find((part) => part.type === type)?.value ?? 0);
  const local_ms = Date.UTC(
    read('year'),
    read('month') - 1,
    read('day'),
    read('hour'),
    read('minute'),
    read('second')
  );
  return local_ms - Math.floor(at_ms / 1000) * 1000;
}

/** The instant of a written local time such as "2026-11-20T08:00"; undefined for other text. */
export function read_local(text: string, time_zone: string | null | undefined): number | undefined {
  const as_utc = Date.parse(`${text}Z`);
  if (!Number.isFinite(as_utc)) return undefined;
  const guess = as_utc - zone_offset_ms(as_utc, time_zone);
  return as_utc - zone_offset_ms(guess, time_zone);
}

/** The first instant of the local day that holds `at_ms`. */
export function day_start_ms(at_ms: number, time_zone: string | null | undefined): number {
  const offset_ms = zone_offset_ms(at_ms, time_zone);
  const guess_ms = Math.floor((at_ms + offset_ms) / kDay_ms) * kDay_ms - offset_ms;
  // Where clocks changed since midnight, midnight had another offset.
  return guess_ms + offset_ms - zone_offset_ms(guess_ms, time_zone);
}

/** `2026-11-20` for the local day of an instant. */
export function day_key(at_ms: number, time_zone: string | null | undefined): string {
  return new Date(at_ms + zone_offset_ms(at_ms, time_zone)).toISOString().slice(0, 10);
}

/** What a saved picture or clip is called: place and moment, in UTC. */
export const file_name = (feed: string, at_ms: number, ending: string) =>
  `${feed}-${new Date(at_ms).toISOString().slice(0, 19).replace(/:/g, '')}Z.${ending}`;

/** A dash where the number is not known. */
export function bytes_text(bytes: number | null, locale: string): string {
  if (bytes === null) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = value >= 100 || unit === 0 ? 0 : 1;
  return `${value.toLocaleString(locale, { maximumFractionDigits: digits })} ${units[unit]}`;
}

export function bitrate_text(bps: number, locale: string): string {
  if (bps >= 1e6)
    return `${(bps / 1e6).toLocaleString(locale, { maximumFractionDigits: 2 })} Mbit/s`;
  return `${(bps / 1e3).toLocaleString(locale, { maximumFractionDigits: 0 })} kbit/s`;
}

/** `3 h 20 min`, `45 s`: two units at most. */
export function duration_text(
  seconds: number,
  t: (key: string, values?: Record<string, string | number>) => string
): string {
  const whole = Math.max(0, Math.round(seconds));
  const days = Math.floor(whole / 86400);
  const hours = Math.floor((whole % 86400) / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  if (days > 0) return join(t('time.days', { n: days }), hours && t('time.hours', { n: hours }));
  if (hours > 0)
    return join(t('time.hours', { n: hours }), minutes && t('time.minutes', { n: minutes }));
  if (minutes > 0) {
    const rest = whole % 60;
    return join(
      t('time.minutes', { n: minutes }),
      minutes < 10 && rest && t('time.seconds', { n: rest })
    );
  }
  return t('time.seconds', { n: whole });
}

function join(first: string, second: string | number | false): string {
  return second ? `${first} ${second}` : first;
}
