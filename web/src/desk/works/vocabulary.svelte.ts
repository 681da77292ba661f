// Licences and terms, asked for once for all forms of the desk.
import { ask_all } from '../../api/client';
import type { Licence, Term } from '../../api/types';
import { named } from '../../i18n/i18n.svelte';

class Vocabulary {
  licences = $state.raw<Licence[]>([]);
  terms = $state.raw<Term[]>([]);
  private asked_ = false;

  /** Fills both lists; what cannot be read stays empty and is asked for again the next time. */
  async load(): Promise<void> {
    if (this.asked_) return;
    this.asked_ = true;
    try {
      [this.licences, this.terms] = await Promise.all([
        ask_all<Licence>('/api/v1/licences'),
        ask_all<Term>('/api/v1/terms')
      ]);
    } catch {
      this.asked_ = false;
    }
  }

  term_words(uri: string): string {
    const term = this.terms.find((known) => known.uri === uri);
    if (!term) return uri;
    const before = term.scheme === 'sdg' ? `SDG ${term.notation} ` : '';
    return `${before}${named(term.label)}`;
  }
  licence_words(uri: string): string {
    return named(this.licences.find((known) => known.uri === uri)?.name) || uri;
  }
}

export const vocabulary = new Vocabulary();
