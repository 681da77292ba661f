// The Works that pages show: each asked for once.
import { ask } from '../api/client';
import type { LessonPage, Work, WorkFile } from '../api/types';
import { main_file, picture_of, viewer_of } from '../commons/files';

// A larger original is not what a page needs where there is a preview.
const kPage_bytes = 8_000_000;
const asked = new Map<string, Promise<Work>>();

export function load_work(id: string): Promise<Work> {
  let found = asked.get(id);
  if (!found) {
    found = ask<Work>(`/api/v1/works/${encodeURIComponent(id)}`);
    asked.set(id, found);
    // What failed is asked for again next time.
    found.catch(() => asked.delete(id));
  }
  return found;
}
/** For a page that stays open for weeks: what is asked next comes anew. */
export function forget_works(): void {
  asked.clear();
}

export const works_of = (pages: LessonPage[]): string[] => [
  ...new Set(pages.flatMap((page) => (page.blocks ?? []).flatMap((block) => block.work || [])))
];
export const feeds_of = (pages: LessonPage[]): string[] => [
  ...new Set(
    pages.flatMap((page) =>
      (page.blocks ?? []).flatMap((block) => (block.kind === 'live' && block.feed) || [])
    )
  )
];

/** The picture as a page shows it: the original where it is no burden, else the preview. */
export function page_picture(work: Work): WorkFile | undefined {
  const main = main_file(work);
  if (main && viewer_of(main) === 'image' && main.bytes <= kPage_bytes) return main;
  return picture_of(work) ?? (viewer_of(main) === 'image' ? main : undefined);
}

const shown = (work: Work, viewer: string) =>
  work.files.find((file) => file.role !== 'preview' && viewer_of(file) === viewer);

/** The file that a block of this kind plays or draws; undefined where it has none, or none now. */
export function block_file(work: Work, kind: string): WorkFile | undefined {
  if (work.withheld) return undefined;
  if (kind === 'film') return shown(work, 'video');
  if (kind === 'sound') return shown(work, 'sound');
  if (kind === 'chart') return shown(work, 'table');
  if (kind === 'model') return shown(work, 'model') ?? page_picture(work);
  return page_picture(work);
}
