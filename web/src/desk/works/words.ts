// What stands in a Work, in words for a curator.
import { i18n, t } from '../../i18n/i18n.svelte';

export function language_name(code: string): string {
  try {
    return new Intl.DisplayNames([i18n.code], { type: 'language' }).of(code) ?? code;
  } catch {
    return code; // nothing that is registered
  }
}

/** "title.zh" → "Title (Chinese)". */
export function path_words(path: string): string {
  const [name, ...rest] = path.split('.');
  if (name === 'files' && rest.length > 1)
    return `${t('works.path.file_about')} (${language_name(rest.at(-1)!)})`;
  const words = t(`works.path.${name}`);
  if (rest.length === 0) return words;
  return `${words} (${name === 'identifiers' ? rest.join('.') : language_name(rest.join('.'))})`;
}

type Named = { name?: string; party?: string; role?: string };
const item_words = (item: unknown): string => {
  if (typeof item === 'string') return item;
  const { name, party, role } = item as Named;
  return [name || party, role].filter(Boolean).join(', ');
};

/** A value as people read it: a list line by line. */
export function value_words(path: string, text: string): string {
  if (text === '') return '–';
  if (path === 'kind') return t(`work.kind.${text}`);
  if (!/^[[{]/.test(text)) return text;
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value)) return value.map(item_words).join('\n');
    return Object.values(value as Record<string, unknown>).join(', ');
  } catch {
    return text;
  }
}
