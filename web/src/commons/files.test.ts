import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Work, WorkFile } from '../api/types';
import {
  first_rows,
  identifiers_of,
  main_file,
  picture_of,
  picture_sizes,
  separator_of,
  viewer_of
} from './files';

const file = (type: string, role: WorkFile['role'] = 'original', url = '/files/a'): WorkFile => ({
  sha256: 'a',
  name: 'a',
  role,
  licence: '',
  language: '',
  about: {},
  bytes: 1,
  type,
  url,
  credits_url: ''
});
const work = (...files: WorkFile[]) => ({ files }) as unknown as Work;

test('a file that is withheld is shown by nothing', () => {
  assert.equal(viewer_of(file('video/mp4')), 'video');
  assert.equal(viewer_of(file('video/mp4', 'original', '')), 'none');
});

test('the preview stands for a Work, the original is what its page shows', () => {
  const film = file('video/mp4');
  const preview = file('image/jpeg', 'preview');
  assert.equal(picture_of(work(film, preview)), preview);
  assert.equal(main_file(work(preview, film)), film);
  assert.equal(main_file(work(file('application/zip'), preview)), preview);
  assert.equal(main_file(work(file('application/zip'))), undefined);
});

test('quoted cells keep their separators, quotes and line ends', () => {
  assert.deepEqual(first_rows('a,b\r\n"1,5","say ""hi""\nthere"\ncut', 9), [
    ['a', 'b'],
    ['1,5', 'say "hi"\nthere']
  ]);
  assert.equal(first_rows('1\n2\n3\n', 2).length, 2);
});

test('a table is told by its type, or of a text by its name', () => {
  const text = file('text/plain');
  assert.equal(separator_of(text), undefined);
  assert.equal(separator_of({ ...text, name: 'herd.CSV' }), ',');
  assert.equal(separator_of({ ...text, name: 'herd.tsv' }), '\t');
  assert.equal(separator_of({ ...file('text/csv'), name: 'herd' }), ',');
  assert.equal(separator_of({ ...file('application/zip'), name: 'herd.csv' }), undefined);
});

test('a photograph can be taken in sizes, a drawing of lines cannot', () => {
  const sizes = picture_sizes(file('image/jpeg'));
  assert.deepEqual(
    sizes.map(({ name }) => name),
    ['small', 'medium', 'large']
  );
  assert.equal(sizes[1]!.url, '/iiif/image/3/a/full/!1200,1200/0/default.jpg');
  assert.deepEqual(picture_sizes(file('image/svg+xml')), []);
  assert.deepEqual(picture_sizes(file('image/jpeg', 'original', '')), []);
});

test('what the demonstration calls a Work is nobody else’s matter', () => {
  const known = { identifiers: { demonstration: 'animal-kiang', isbn: '978' } } as unknown as Work;
  assert.deepEqual(identifiers_of(known), [['isbn', '978']]);
});
