import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { Work } from '../api/types';
import { pictures_of, wanted_files } from './wanted';

const file = (name: string, type: string, bytes: number, role = 'original') => ({
  sha256: name,
  name,
  role,
  licence: '',
  language: '',
  about: {},
  bytes,
  type,
  url: `/files/${name}`
});
const work = (id: string, files: unknown[], withheld = false) =>
  ({ id, files, withheld, title: {} }) as unknown as Work;
const exhibit = {
  pages: [
    {
      blocks: [
        { kind: 'film', work: 'film' },
        { kind: 'picture', work: 'still' },
        { kind: 'picture', work: 'hidden' }
      ]
    },
    { blocks: [{ kind: 'picture', work: 'still' }, { kind: 'text' }] }
  ]
} as unknown as Work;
const works = new Map([
  [
    'film',
    work('film', [file('f.mp4', 'video/mp4', 900), file('f.jpg', 'image/jpeg', 9, 'preview')])
  ],
  ['still', work('still', [file('s.jpg', 'image/jpeg', 50)])],
  ['hidden', work('hidden', [file('h.jpg', 'image/jpeg', 5)], true)]
]);
const urls = (bytes_max?: number) => wanted_files(exhibit, works, bytes_max).map(({ url }) => url);

test('each file of an exhibit is kept once, pictures before films, nothing withheld', () => {
  assert.deepEqual(urls(), ['/files/f.jpg', '/files/s.jpg', '/files/f.mp4']);
});

test('what is kept stays within its bound', () => {
  assert.deepEqual(urls(958), ['/files/f.jpg', '/files/s.jpg']);
  assert.deepEqual(urls(8), []);
  assert.deepEqual(urls(50), ['/files/f.jpg']);
});

test('the loop shows each picture once', () => {
  assert.deepEqual(pictures_of(exhibit, works), ['/files/f.jpg', '/files/s.jpg']);
});
