// What a screen keeps for the time without network, within a bound.
import type { Work } from '../api/types';
import { page_picture, block_file } from '../lesson/works';
import { viewer_of } from '../commons/files';

/** Of one exhibit, its files together. */
export const kKept_bytes_max = 300_000_000;

export interface WantedFile {
  url: string;
  bytes: number;
}

/**
 * The files of an exhibit's blocks in the order in which they are worth keeping: each block's
 * picture first, then what plays; what does not fit any more is left out, smaller ones after it
 * are not. `works` by id; those that are withheld have no files.
 */
export function wanted_files(
  exhibit: Work,
  works: Map<string, Work>,
  bytes_max = kKept_bytes_max
): WantedFile[] {
  const found = new Map<string, number>();
  let sum = 0;
  const add = (file: { url: string; bytes: number } | undefined) => {
    if (!file?.url || found.has(file.url) || sum + file.bytes > bytes_max) return;
    found.set(file.url, file.bytes);
    sum += file.bytes;
  };
  const blocks = (exhibit.pages ?? []).flatMap((page) => page.blocks ?? []);
  for (const step of ['picture', 'player'])
    for (const block of blocks) {
      const work = block.work ? works.get(block.work) : undefined;
      if (!work || work.withheld) continue;
      if (step === 'picture') add(page_picture(work));
      else {
        add(block_file(work, block.kind));
        // A model comes with its buffers and pictures, a film with its captions.
        if (block.kind === 'model' || block.kind === 'film')
          for (const file of work.files)
            if (file.role === 'caption' || (block.kind === 'model' && file.role === 'data'))
              add(file);
      }
    }
  return [...found].map(([url, bytes]) => ({ url, bytes }));
}

/** The pictures that draw people near: of the blocks, each once. */
export function pictures_of(exhibit: Work, works: Map<string, Work>): string[] {
  const urls = (exhibit.pages ?? []).flatMap((page) =>
    (page.blocks ?? []).flatMap((block) => {
      const work = block.work ? works.get(block.work) : undefined;
      const picture = work && !work.withheld ? page_picture(work) : undefined;
      return picture && viewer_of(picture) === 'image' ? [picture.url] : [];
    })
  );
  return [...new Set(urls)];
}
