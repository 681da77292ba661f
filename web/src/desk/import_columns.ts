// What the columns of a table may become, and what a heading most probably means.
import { first_rows } from '../commons/files';

/** As `columns` of an import names them; see docs/reference/commons.md. */
export const targets = [
  'kind',
  'title.en',
  'title.zh',
  'about.en',
  'about.zh',
  'licence',
  'credit',
  'makers.author',
  'makers.photographer',
  'date',
  'place.latitude',
  'place.longitude',
  'audience.from',
  'audience.to',
  'languages',
  'terms',
  'identifiers.accession',
  'identifiers.isbn',
  'identifiers.doi'
] as const;
export type Target = (typeof targets)[number];

const kGuesses: [RegExp, Target][] = [
  [/^(kind|type|类型)$/i, 'kind'],
  [/^(title|name|titel)([ _.-]?en)?$|^英文(标题|名称)$/i, 'title.en'],
  [/^(title|name)[ _.-]?zh$|^(标题|名称|中文名)$/i, 'title.zh'],
  [/^(about|description|abstract)([ _.-]?en)?$/i, 'about.en'],
  [/^(about|description)[ _.-]?zh$|^(说明|描述|简介)$/i, 'about.zh'],
  [/^(licen[cs]e|rights|许可协议|许可)$/i, 'licence'],
  [/^(credit|attribution|署名)$/i, 'credit'],
  [/^(author|creator|maker|作者)$/i, 'makers.author'],
  [/^(photographer|摄影者?)$/i, 'makers.photographer'],
  [/^(date|created|日期)$/i, 'date'],
  [/^(decimal[ _]?)?lat(itude)?$|^纬度$/i, 'place.latitude'],
  [/^(decimal[ _]?)?(lon|lng|long)(gitude)?$|^经度$/i, 'place.longitude'],
  [/^lang(uage)?s?$|^语言$/i, 'languages'],
  [/^(terms|keywords|subjects)$/i, 'terms'],
  [/^(accession|inventory|catalogue?)[ _-]?(number|no)?$|^(藏品)?编号$/i, 'identifiers.accession'],
  [/^isbn$/i, 'identifiers.isbn'],
  [/^doi$/i, 'identifiers.doi']
];

/** Each target once, for the first heading that says it. */
export function guessed(heads: readonly string[]): Record<string, Target | ''> {
  const taken = new Set<string>();
  return Object.fromEntries(
    heads.map((head) => {
      const found = kGuesses.find(
        ([pattern, target]) => !taken.has(target) && pattern.test(head.trim())
      )?.[1];
      if (found) taken.add(found);
      return [head, found ?? ''];
    })
  );
}

/** The beginning of a table, parted as the program will part it: by what its first line has most. */
export function beginning_of(text: string, rows_max: number): string[][] {
  const first = text.slice(0, text.search(/[\r\n]|$/));
  const count = (mark: string) => first.split(mark).length;
  const separator = [',', ';', '\t'].reduce((a, b) => (count(b) > count(a) ? b : a));
  return first_rows(text.endsWith('\n') ? text : `${text}\n`, rows_max, separator).filter(
    (row) => row.length > 1 || row[0] !== ''
  );
}
