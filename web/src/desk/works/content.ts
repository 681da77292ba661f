// What people write of a Work, taken apart into its single texts and values: to show what differs
// between two versions, and to bring together what two curators wrote at the same time.
import type { HeldFile, Localised, Work, WorkContent, WorkVersion } from '../../api/types';

// What Oriel keeps beside it. All else is content: a member that this page does not know of is
// written back as it came.
const kKept = new Set([
  'id',
  'version',
  'state',
  'made_at',
  'made_by',
  'changed_at',
  'changed_by',
  'note',
  'published_at',
  'change',
  'address',
  'withheld'
]);

export function content_of(work: Work | WorkVersion): WorkContent {
  const content = structuredClone(
    Object.fromEntries(Object.entries(work).filter(([name]) => !kKept.has(name)))
  ) as unknown as WorkContent;
  content.files = content.files.map(({ sha256, name, role, licence, language, about }) => ({
    sha256,
    name,
    role,
    licence,
    language,
    about
  }));
  return content;
}

/** By path ("title.zh", "terms", "files.3f2a….about.en"): each a text, as it is stored. */
export type Leaves = Map<string, string>;

// Texts, and texts by language or scheme; whatever else there is is one value.
const kTexts = ['kind', 'licence', 'credit', 'date'];
const kMaps = ['title', 'about', 'identifiers'];
const kEmpty: Partial<WorkContent> = {
  languages: [],
  makers: [],
  stewards: [],
  terms: [],
  parts: [],
  derived_from: [],
  moment: null,
  place: null,
  audience: null
};

export function leaves_of(content: WorkContent): Leaves {
  const leaves: Leaves = new Map();
  const put = (path: string, value: unknown) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (text !== '' && text !== 'null' && text !== '[]') leaves.set(path, text);
  };
  for (const [name, value] of Object.entries(content)) {
    if (kMaps.includes(name))
      for (const [key, text] of Object.entries(value as Localised)) put(`${name}.${key}`, text);
    else if (name !== 'files') put(name, value);
  }
  put(
    'files',
    content.files.map(({ about: _, ...rest }) => rest)
  );
  for (const file of content.files)
    for (const [language, text] of Object.entries(file.about))
      put(`files.${file.sha256}.about.${language}`, text);
  return leaves;
}

export function content_with(leaves: Leaves): WorkContent {
  const map = (name: string): Localised =>
    Object.fromEntries(
      [...leaves]
        .filter(([path]) => path.startsWith(`${name}.`))
        .map(([path, text]) => [path.slice(name.length + 1), text])
    );
  const content: Record<string, unknown> = structuredClone(kEmpty);
  for (const [path, text] of leaves)
    if (!path.includes('.') && !kTexts.includes(path)) content[path] = JSON.parse(text);
  for (const name of kTexts) content[name] = leaves.get(name) ?? '';
  for (const name of kMaps) content[name] = map(name);
  content.files = ((content.files ?? []) as Omit<HeldFile, 'about'>[]).map((file) => ({
    ...file,
    about: map(`files.${file.sha256}.about`)
  }));
  return content as unknown as WorkContent;
}

export interface Difference {
  path: string;
  before: string;
  after: string;
}

/** What differs, in the order of the paths. */
export function differences(before: WorkContent, after: WorkContent): Difference[] {
  const [old, now] = [leaves_of(before), leaves_of(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((path) => old.get(path) !== now.get(path))
    .sort()
    .map((path) => ({ path, before: old.get(path) ?? '', after: now.get(path) ?? '' }));
}

export interface Clash {
  path: string;
  base: string;
  mine: string;
  theirs: string;
}

export interface Merge {
  /** With theirs where both changed the same: each clash is for a person to decide. */
  leaves: Leaves;
  clashes: Clash[];
}

/** What two people made of one `base`: what only one of them changed is taken as he left it. */
export function merged(base: WorkContent, mine: WorkContent, theirs: WorkContent): Merge {
  const [from, own, other] = [leaves_of(base), leaves_of(mine), leaves_of(theirs)];
  const leaves: Leaves = new Map();
  const clashes: Clash[] = [];
  for (const path of new Set([...other.keys(), ...own.keys()])) {
    const [was, a, b] = [from.get(path), own.get(path), other.get(path)];
    const taken = a === was ? b : b === was || a === b ? a : b;
    if (taken !== undefined) leaves.set(path, taken);
    if (a !== was && b !== was && a !== b)
      clashes.push({ path, base: was ?? '', mine: a ?? '', theirs: b ?? '' });
  }
  clashes.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { leaves, clashes };
}

export interface Piece {
  kind: 'same' | 'gone' | 'new';
  text: string;
}

const kWords_max = 1200;

/** Words, and single characters of scripts that put no spaces between them. */
const words_of = (text: string) =>
  text.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|\s+|[^\s\p{Script=Han}]+/gu) ??
  [];

/** What of `before` went and what of `after` is new, in one text to be read. */
export function pieces_of(before: string, after: string): Piece[] {
  const [old, now] = [words_of(before), words_of(after)];
  if (old.length > kWords_max || now.length > kWords_max)
    return [
      { kind: 'gone', text: before },
      { kind: 'new', text: after }
    ].filter(({ text }) => text !== '') as Piece[];
  // The longest common run of words, from the end.
  const width = now.length + 1;
  const common = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--)
    for (let j = now.length - 1; j >= 0; j--)
      common[i * width + j] =
        old[i] === now[j]
          ? common[(i + 1) * width + j + 1]! + 1
          : Math.max(common[(i + 1) * width + j]!, common[i * width + j + 1]!);
  const pieces: Piece[] = [];
  const add = (kind: Piece['kind'], text: string) => {
    const last = pieces.at(-1);
    if (last?.kind === kind) last.text += text;
    else pieces.push({ kind, text });
  };
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      add('same', old[i++]!);
      j++;
    } else if (
      j >= now.length ||
      (i < old.length && common[(i + 1) * width + j]! >= common[i * width + j + 1]!)
    )
      add('gone', old[i++]!);
    else add('new', now[j++]!);
  }
  return pieces;
}

/** A text that may be written by hand; the others are lists and values. */
export const is_text = (path: string): boolean =>
  /^(title|about|identifiers)\.|\.about\.|^(credit|date)$/.test(path);
