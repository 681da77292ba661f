// WCAG 2.2 AA as far as a machine can tell (axe), on each page and each of its panels.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { axe_path, launch, live_feeds, open, wait_for_stage, wait_until } from './support.mjs';

let browser;
before(async () => {
  browser = await launch();
  await wait_until(async () => (await live_feeds()).length >= 1, 'a live place');
});
after(() => browser?.close());

async function serious(page) {
  // Evaluated by the debugger, so that the page's own security policy stays as it is.
  const { readFileSync } = await import('node:fs');
  await page.evaluate(readFileSync(axe_path, 'utf8'));
  const found = await page.evaluate(() =>
    window.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    })
  );
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' ')).join(', ')}`);
}

for (const [width, height] of [
  [1440, 900],
  [390, 844]
]) {
  test(`the window at ${width} pixels`, async () => {
    const page = await open(browser, '/', {
      width,
      height,
      reducedMotion: 'reduce'
    });
    await wait_for_stage(page, 'live');
    assert.deepEqual(await serious(page), []);
    await page.context().close();
  });
}

for (const [name, key] of [
  ['the days', 't'],
  ['the clip', 'c'],
  ['the time-lapse', 'a'],
  ['the help', '?'],
  ['the map', 'm']
]) {
  test(`${name} of the window`, async () => {
    const page = await open(browser, '/', { reducedMotion: 'reduce' });
    await wait_for_stage(page, 'live');
    await page.keyboard.press(key);
    await page.waitForSelector('dialog[open]');
    if (key === 'm') await page.waitForSelector('[data-map=ready], [data-map=failed]');
    assert.deepEqual(await serious(page), []);
    await page.context().close();
  });
}

test('the wall', async () => {
  const page = await open(browser, '/wall', { reducedMotion: 'reduce' });
  await page.waitForSelector('[data-wall-tile][data-playing=true]');
  assert.deepEqual(await serious(page), []);
  await page.context().close();
});

test('the door of the desk', async () => {
  const page = await open(browser, '/desk', { reducedMotion: 'reduce' });
  await page.waitForSelector('[data-desk=out]');
  assert.deepEqual(await serious(page), []);
  await page.context().close();
});

test('everything in the window can be reached with the Tab key, and is seen to be', async () => {
  const page = await open(browser, '/');
  await wait_for_stage(page, 'live');
  const reached = new Set();
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return undefined;
      const style = getComputedStyle(element.closest('label') ?? element);
      const own = getComputedStyle(element);
      return {
        name: element.getAttribute('aria-label') ?? element.textContent.trim(),
        role: element.getAttribute('role') ?? element.tagName,
        ring: style.outlineStyle !== 'none' || own.outlineStyle !== 'none'
      };
    });
    if (!at) continue;
    assert.ok(at.ring, `${at.role} "${at.name}" shows no focus`);
    reached.add(at.role);
  }
  for (const role of ['BUTTON', 'SELECT', 'slider', 'A']) assert.ok(reached.has(role), role);
  await page.context().close();
});
