import assert from 'node:assert/strict';
import { test } from 'node:test';
import { address_of, asked_by } from './query';

test('what is asked survives in the address, in any script', () => {
  const query = { text: '藏羚羊 & co', facets: { kind: 'clip', licence: 'by_sa' } };
  assert.deepEqual(asked_by(`?${address_of(query)}`), query);
});

test('an address names nothing that is no facet', () => {
  assert.deepEqual(asked_by('?q=lake&state=any&lang=zh'), { text: 'lake', facets: {} });
  assert.equal(address_of({ text: '  ', facets: {} }), '');
});
