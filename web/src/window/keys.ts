// Which key does what in the window; window/Help.svelte tells the visitor.

export type Act =
  | 'next_place'
  | 'previous_place'
  | 'next_sector'
  | 'previous_sector'
  | 'live'
  | 'back'
  | 'forward'
  | 'back_minute'
  | 'forward_minute'
  | 'pause'
  | 'sound'
  | 'fullscreen'
  | 'link'
  | 'still'
  | 'map'
  | 'day'
  | 'clip'
  | 'beside'
  | 'year'
  | 'alone'
  | 'lapse'
  | 'help';

const kAlways: Record<string, Act> = {
  ArrowDown: 'next_place',
  ArrowUp: 'previous_place',
  Home: 'live',
  ' ': 'pause'
};
/** Keys of one character, which a visitor can switch off. */
const kLetters: Record<string, Act> = {
  '[': 'previous_sector',
  ']': 'next_sector',
  ',': 'back',
  '.': 'forward',
  '<': 'back_minute',
  '>': 'forward_minute',
  '?': 'help',
  l: 'live',
  t: 'day',
  m: 'map',
  s: 'sound',
  f: 'fullscreen',
  u: 'link',
  d: 'still',
  c: 'clip',
  b: 'beside',
  y: 'year',
  x: 'alone',
  a: 'lapse'
};

export interface KeyOptions {
  letters: boolean;
  rtl: boolean;
}

export function act_of_key(key: string, { letters, rtl }: KeyOptions): Act | undefined {
  if (key === 'ArrowRight') return rtl ? 'previous_place' : 'next_place';
  if (key === 'ArrowLeft') return rtl ? 'next_place' : 'previous_place';
  return (
    kAlways[key] ?? (letters ? kLetters[key.length === 1 ? key.toLowerCase() : key] : undefined)
  );
}

/** The act of a pressed key, or undefined where the key belongs to what has the focus. */
export function act_of(event: KeyboardEvent, options: KeyOptions): Act | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return undefined;
  const target = event.target as HTMLElement;
  if (target.closest('input, select, textarea, dialog')) return undefined;
  if (event.key === ' ' && target.closest('button, a')) return undefined;
  return act_of_key(event.key, options);
}
