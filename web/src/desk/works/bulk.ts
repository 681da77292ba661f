// One change for many Works.
import type { WorkContent } from '../../api/types';

export interface BulkChange {
  /** undefined: as it is. */
  licence?: string;
  credit?: string;
  add_terms: string[];
  remove_terms: string[];
}

/** The content with the change; the same object where nothing of it changes. */
export function changed(content: WorkContent, change: BulkChange): WorkContent {
  const kept = content.terms.filter((uri) => !change.remove_terms.includes(uri));
  const terms = [...kept, ...change.add_terms.filter((uri) => !kept.includes(uri))];
  const licence = change.licence ?? content.licence;
  const credit = change.credit ?? content.credit;
  const same =
    licence === content.licence &&
    credit === content.credit &&
    terms.length === content.terms.length &&
    terms.every((uri, i) => uri === content.terms[i]);
  return same ? content : { ...content, licence, credit, terms };
}
