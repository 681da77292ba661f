// A Work is written anew from the version that somebody saw; where another was faster, nothing is
// written and both texts are kept, to be brought together.
import { ask, Problem } from '../../api/client';
import type { Work, WorkContent } from '../../api/types';
import { t } from '../../i18n/i18n.svelte';
import { content_of } from './content';

export interface Conflict {
  base: WorkContent;
  mine: WorkContent;
  now: Work;
  note: string;
}

export const write_work = (id: string, version: number, content: WorkContent, note: string) =>
  ask<Work>(`/api/v1/works/${id}`, {
    method: 'PUT',
    body: { ...content, note },
    headers: { 'if-match': `"${version}"` }
  });

/** What stands there now, where that is why it was refused. */
export function now_of(error: unknown): Work | undefined {
  const late = error instanceof Problem && (error.status === 412 || error.status === 409);
  return late ? (error.members.now as Work | undefined) : undefined;
}

export class Saving {
  conflict = $state.raw<Conflict>();

  /** Throws what went wrong, in words; `conflict` is there when another was faster. */
  async save(work: Work, mine: WorkContent, note: string): Promise<Work> {
    try {
      return await write_work(work.id, work.version, mine, note);
    } catch (error) {
      const now = now_of(error);
      if (!now) throw error;
      this.conflict = { base: content_of(work), mine, now, note };
      throw new Problem(412, t('works.changed_meanwhile', { by: now.changed_by }));
    }
  }
}
