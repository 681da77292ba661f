import { test } from 'node:test';
import assert from 'node:assert/strict';
import { kReloadPause_ms, may_reload } from './watch';

test('a page is loaded again at most once in five minutes', () => {
  assert.equal(may_reload(1_000_000, Number.NaN), true);
  assert.equal(may_reload(1_000_000, 1_000_000 - 1000), false);
  assert.equal(may_reload(1_000_000, 1_000_000 - kReloadPause_ms - 1), true);
});

test('a clock that was set back does not forbid it for ever', () => {
  assert.equal(may_reload(1000, 9_000_000), true);
});
