import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { WorkContent } from '../../api/types';
import { changed } from './bulk';

const content = { licence: 'l', credit: 'c', terms: ['a', 'b'] } as WorkContent;
const nothing = { add_terms: [], remove_terms: [] };

test('terms are added once and removed, the rest stays in its order', () => {
  assert.deepEqual(changed(content, { add_terms: ['b', 'd'], remove_terms: ['a'] }).terms, [
    'b',
    'd'
  ]);
});

test('a Work that has it all already is not written again', () => {
  assert.equal(changed(content, nothing), content);
  assert.equal(changed(content, { ...nothing, add_terms: ['a'], licence: 'l' }), content);
});

test('a credit may be emptied, which is not the same as left alone', () => {
  assert.equal(changed(content, { ...nothing, credit: '' }).credit, '');
  assert.equal(changed(content, nothing).credit, 'c');
});
