import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Work, WorkContent } from '../../api/types';
import { content_of, content_with, differences, leaves_of, merged, pieces_of } from './content';

const base: WorkContent = {
  kind: 'image',
  title: { en: 'Kiang', zh: '藏野驴' },
  about: { en: 'At the lake.' },
  languages: [],
  makers: [{ party: '', name: 'Li', role: 'photographer' }],
  stewards: [],
  licence: 'http://creativecommons.org/licenses/by/4.0/',
  credit: '',
  terms: ['http://metadata.un.org/sdg/15'],
  files: [
    { sha256: 'aa', name: 'a.jpg', role: 'original', licence: '', language: '', about: { en: 'A' } }
  ],
  parts: [],
  derived_from: [],
  identifiers: { accession: 'Q.1' },
  moment: null,
  place: { latitude: 36.5, longitude: 100.2 },
  date: '2026-11',
  audience: null
};

test('a Work taken apart and put together is the same', () => {
  assert.deepEqual(content_with(leaves_of(base)), base);
});

test('what this page does not know of is written back as it came', () => {
  const pages = [{ title: { en: 'One' }, blocks: [{ kind: 'text' }] }];
  const work = { ...base, pages, minutes: 45, id: 'w', version: 3, withheld: false };
  const content = content_of(work as unknown as Work) as unknown as Record<string, unknown>;
  assert.equal(content.version, undefined);
  assert.deepEqual(content.pages, pages);
  const mine = { ...(content as unknown as WorkContent), credit: 'Li' };
  const after = content_with(merged(content as unknown as WorkContent, mine, mine).leaves);
  assert.deepEqual(after, { ...content, credit: 'Li' });
});

test('what differs is named by its path, with both texts', () => {
  const after = { ...base, title: { en: 'Kiangs' }, place: null };
  assert.deepEqual(
    differences(base, after).map(({ path, before, after: now }) => [path, before, now]),
    [
      ['place', '{"latitude":36.5,"longitude":100.2}', ''],
      ['title.en', 'Kiang', 'Kiangs'],
      ['title.zh', '藏野驴', '']
    ]
  );
});

test('what two people changed in different places is kept of both', () => {
  const mine = { ...base, title: { ...base.title, en: 'Kiangs' } };
  const theirs = { ...base, about: { en: 'At the lake.', zh: '在湖边。' }, date: '' };
  const { leaves, clashes } = merged(base, mine, theirs);
  assert.deepEqual(clashes, []);
  const both = content_with(leaves);
  assert.equal(both.title.en, 'Kiangs');
  assert.equal(both.about.zh, '在湖边。');
  assert.equal(both.date, '');
});

test('what both changed differently is asked, and nothing of theirs is lost meanwhile', () => {
  const mine = { ...base, title: { ...base.title, zh: '野驴' } };
  const theirs = { ...base, title: { ...base.title, zh: '西藏野驴' } };
  const { leaves, clashes } = merged(base, mine, theirs);
  assert.deepEqual(clashes, [
    { path: 'title.zh', base: '藏野驴', mine: '野驴', theirs: '西藏野驴' }
  ]);
  assert.equal(content_with(leaves).title.zh, '西藏野驴');
});

test('a difference is read word by word, and in Chinese character by character', () => {
  assert.deepEqual(pieces_of('two wolves at dawn', 'two kiangs at dawn'), [
    { kind: 'same', text: 'two ' },
    { kind: 'gone', text: 'wolves' },
    { kind: 'new', text: 'kiangs' },
    { kind: 'same', text: ' at dawn' }
  ]);
  assert.deepEqual(pieces_of('湖边的狼', '湖边的驴'), [
    { kind: 'same', text: '湖边的' },
    { kind: 'gone', text: '狼' },
    { kind: 'new', text: '驴' }
  ]);
});
