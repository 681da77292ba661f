// The page's languages. Each file beside this one is one language; adding a file adds it.
import type { Localised } from '../api/types';
import { store, stored } from '../base/storage';

interface Language {
  code: string;
  name: string;
  dir: 'ltr' | 'rtl';
  texts: Record<string, string>;
}

const files = import.meta.glob<{ default: Record<string, string> }>('./*.json', { eager: true });
export const languages: Language[] = Object.entries(files).map(([path, file]) => ({
  code: path.slice(2, -5),
  name: file.default['language.name'] ?? path,
  dir: file.default['language.dir'] === 'rtl' ? 'rtl' : 'ltr',
  texts: file.default
}));

const kStored = 'oriel.language';
const fallback = languages.find((language) => language.code === 'en') ?? languages[0]!;

function known(code: string | null | undefined): string | undefined {
  if (!code) return undefined;
  const wanted = code.toLowerCase();
  return (
    languages.find((language) => language.code.toLowerCase() === wanted)?.code ??
    languages.find((language) => language.code.toLowerCase() === wanted.split('-')[0])?.code
  );
}

/** The address first, then what was chosen before, then what the browser asks for. */
export function first_language(): string {
  const asked = new URLSearchParams(location.search).get('lang');
  return (
    known(asked) ??
    known(stored(kStored)) ??
    navigator.languages.map(known).find((code) => code !== undefined) ??
    fallback.code
  );
}

class I18n {
  code = $state(fallback.code);
  language = $derived(languages.find((language) => language.code === this.code) ?? fallback);

  use(code: string): void {
    this.code = known(code) ?? fallback.code;
    document.documentElement.lang = this.code;
    document.documentElement.dir = this.language.dir;
  }

  /** Uses a language and remembers it for the next visit. */
  choose(code: string): void {
    this.use(code);
    store(kStored, this.code);
  }
}

export const i18n = new I18n();

export function text_in(
  code: string,
  key: string,
  values: Record<string, string | number> = {}
): string {
  const language = languages.find((candidate) => candidate.code === code) ?? fallback;
  const text = language.texts[key] ?? fallback.texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (all, name: string) => String(values[name] ?? all));
}

/** The text of a key in the page's language; `{name}` in it stands for a value. */
export function t(key: string, values?: Record<string, string | number>): string {
  return text_in(i18n.code, key, values);
}

export function named_in(code: string, name: Localised | undefined | null): string {
  if (!name) return '';
  return name[code] ?? name[code.split('-')[0]!] ?? name.en ?? Object.values(name)[0] ?? '';
}

export function named(name: Localised | undefined | null): string {
  return named_in(i18n.code, name);
}

/** The name in another language than the page's: small, under it. Its code for `lang`, too. */
export function other_name(
  name: Localised | undefined | null
): { code: string; text: string } | undefined {
  if (!name) return undefined;
  const own = named(name);
  for (const [code, text] of Object.entries(name)) {
    if (code !== i18n.code && text !== own) return { code, text };
  }
  return undefined;
}
