// The pages of a book, and which of them lie open together.
import type { Work, WorkFile } from '../api/types';

const kShown = /^image\/(jpeg|png|webp|avif|gif)$/;

/** The page images in their order; those that no browser shows are left out. */
export const pages_of = (work: Work): WorkFile[] =>
  work.files.filter((file) => file.role === 'page' && file.url && kShown.test(file.type));

/** A cover lies alone, then two and two; one by one where two have no room. */
export function spread_of(at: number, count: number, two: boolean): number[] {
  if (!two || at <= 0) return [Math.max(0, Math.min(at, count - 1))];
  const left = at % 2 === 1 ? at : at - 1;
  return left + 1 < count ? [left, left + 1] : [left];
}

/** Written from right to left: its pages turn the other way. */
export const turns_left = (work: Work): boolean =>
  /^(ar|fa|he|ur|ug|yi|ps)\b/.test(work.languages[0] ?? '');
