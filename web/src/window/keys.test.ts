import { test } from 'node:test';
import assert from 'node:assert/strict';
import { act_of_key } from './keys';

test('the arrows walk the places in the direction of reading', () => {
  assert.equal(act_of_key('ArrowRight', { letters: true, rtl: false }), 'next_place');
  assert.equal(act_of_key('ArrowRight', { letters: true, rtl: true }), 'previous_place');
  assert.equal(act_of_key('ArrowDown', { letters: true, rtl: true }), 'next_place');
});

test('a letter acts in both cases, and not where letters are switched off', () => {
  assert.equal(act_of_key('M', { letters: true, rtl: false }), 'map');
  assert.equal(act_of_key('m', { letters: false, rtl: false }), undefined);
  assert.equal(act_of_key('Home', { letters: false, rtl: false }), 'live');
  assert.equal(act_of_key(' ', { letters: false, rtl: false }), 'pause');
});
