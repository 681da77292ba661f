import { test } from 'node:test';
import assert from 'node:assert/strict';
import en from './en.json';
import zh from './zh.json';

test('every text exists in every language, with the same values in it', () => {
  assert.deepEqual(Object.keys(zh).sort(), Object.keys(en).sort());
  const values = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  for (const key of Object.keys(en) as (keyof typeof en)[]) {
    assert.deepEqual(values(zh[key]), values(en[key]), key);
  }
});
