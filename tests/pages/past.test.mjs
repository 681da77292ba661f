// The past as a visitor and an operator find it: the calendar, and the address of a moment.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { base, launch, live_feeds, open, wait_for_stage, wait_until } from './support.mjs';

let browser;
let feed;
before(async () => {
  browser = await launch();
  feed = await wait_until(async () => {
    for (const candidate of await live_feeds()) {
      // Live for so long, too: a demonstration's own past ends where it was started.
      const since_ms = Math.max(
        Date.parse(candidate.first_recorded_at),
        Date.parse(candidate.since)
      );
      if (Date.now() - since_ms > 30_000) return candidate;
    }
    return undefined;
  }, 'a place with half a minute of past');
});
after(() => browser?.close());

test('the year is seen at a glance, walked by keys, and a day of it opens', async () => {
  const page = await open(browser, `/?feed=${feed.id}`);
  await wait_for_stage(page, 'live', feed.id);
  await page.keyboard.press('t');
  await page.locator('[data-view-year]').click();
  const today = page.locator('.year .today');
  await today.waitFor();
  await page.waitForFunction(
    () => getComputedStyle(document.querySelector('.year .today')).backgroundImage !== 'none'
  );
  assert.equal(await page.locator('.year button').count(), 365 + (is_leap() ? 1 : 0));
  assert.match(await today.getAttribute('aria-label'), /recorded/);
  await page.waitForSelector('[data-legend] [data-state=recorded]');
  const key = await today.getAttribute('data-day');
  await today.focus();
  await page.keyboard.press('ArrowLeft');
  const walked = await page.evaluate(() => document.activeElement.dataset.day);
  assert.equal(Date.parse(key) - Date.parse(walked), 86_400_000);
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.waitForSelector('dialog', { state: 'detached' });
  // Today at this hour is now.
  await wait_for_stage(page, 'live', feed.id);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

const is_leap = () => new Date(Date.UTC(new Date().getUTCFullYear(), 1, 29)).getUTCMonth() === 1;

test('the address of a moment shows it, its licence and how to cite it, and plays it', async () => {
  const at = new Date(Date.now() - 20_000).toISOString();
  const page = await open(browser, `/m/${feed.id}/${at}`);
  await page.waitForSelector('[data-moment=recorded]');
  assert.ok((await page.locator('[data-cite]').innerText()).includes(`${base}/m/${feed.id}/${at}`));
  await page.waitForFunction(() => document.querySelector('main img')?.naturalWidth > 0);
  await page.locator('[data-watch]').click();
  await wait_for_stage(page, 'past', feed.id);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('the address of a moment that is not there says why, on a phone and in Chinese', async () => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    locale: 'zh-CN'
  });
  const page = await context.newPage();
  const answer = await page.goto(`${base}/m/${feed.id}/2031-01-01T00:00:00Z`);
  assert.equal(answer.status(), 404);
  await page.waitForSelector('[data-moment=not_yet]');
  assert.match(await page.locator('[role=status]').innerText(), /尚未录制/);
  await page.locator('[data-nearest=earlier]').click();
  await page.waitForSelector('[data-moment=recorded]');
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 390, `the page is ${wide} wide`);
  await context.close();
});

test('a copied link is the address of the moment', async () => {
  const page = await open(browser, `/?feed=${feed.id}`, {
    permissions: ['clipboard-read', 'clipboard-write']
  });
  await wait_for_stage(page, 'live', feed.id);
  await page.keyboard.press('u');
  const text = await wait_until(
    () => page.evaluate(() => navigator.clipboard.readText()),
    'a copied link'
  );
  assert.match(text, new RegExp(`^${base}/m/${feed.id}/\\d{4}-\\d\\d-\\d\\dT`));
  await page.context().close();
});

const panes = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('[data-pane]')].map((pane) => ({ ...pane.dataset }))
  );

test('up to four places stand side by side in step, live and past, and the link holds them', async () => {
  const others = (await live_feeds()).filter(({ id }) => id !== feed.id).slice(0, 3);
  const page = await open(browser, `/?feed=${feed.id}`, { width: 1440, height: 900 });
  await wait_for_stage(page, 'live', feed.id);
  await page.keyboard.press('b');
  for (const { id } of others) await page.locator(`[data-beside="${id}"]`).click();
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  await page.waitForFunction(
    (n) => document.querySelectorAll('[data-pane] [data-playing=true]').length === n,
    others.length
  );
  assert.match(page.url(), new RegExp(`with=${others.map(({ id }) => id).join(',')}`));
  const at = new Date(Date.now() - 25_000).toISOString();
  await page.goto(`${base}/?feed=${feed.id}&at=${at}&with=${others[0].id}`);
  await wait_for_stage(page, 'past', feed.id);
  await page.waitForFunction(() => {
    const pane = document.querySelector('[data-pane]');
    return pane?.dataset.state === 'playing' && Math.abs(Number(pane.dataset.offMs)) <= 80;
  });
  await page.keyboard.press('x');
  await page.waitForSelector('[data-pane]', { state: 'detached' });
  assert.doesNotMatch(page.url(), /with=/);
  await page.context().close();
});

test('this view a year ago that is not recorded is said, and the nearest is offered', async () => {
  const page = await open(browser, `/?feed=${feed.id}`, { width: 1440, height: 900 });
  await wait_for_stage(page, 'live', feed.id);
  await page.keyboard.press('y');
  await page.waitForSelector('[data-offer=before]');
  await page.locator('[data-nearest]').click();
  await page.waitForSelector('[data-pane][data-state=playing]');
  const [pane] = await panes(page);
  assert.equal(pane.pane, feed.id);
  assert.ok(Number(pane.backS) > 5, `${pane.backS} s earlier`);
  await page.keyboard.press('y');
  await page.waitForSelector('[data-pane]', { state: 'detached' });
  await page.context().close();
});

test('a time-lapse is made while one waits, and plays', async () => {
  const page = await open(browser, `/?feed=${feed.id}`);
  await wait_for_stage(page, 'live', feed.id);
  await wait_until(async () => {
    const settled_ms = Math.floor((Date.now() - 30_000) / 60_000) * 60_000;
    return settled_ms - Date.parse(feed.first_recorded_at) > 10_000;
  }, 'a settled minute');
  await page.keyboard.press('a');
  await page.locator('[data-preset=day]').click();
  await page.waitForSelector('progress');
  // It is made at the lowest priority, behind all that records.
  await page.waitForSelector('video[data-lapse=ready]', { timeout: 240_000 });
  await page.waitForFunction(() => {
    const video = document.querySelector('video[data-lapse=ready]');
    return video.readyState >= 2 && video.duration > 0;
  });
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('the strip of days is scrubbed with the keys, on a phone too', async () => {
  const page = await open(browser, `/?feed=${feed.id}`, { width: 390, height: 844 });
  await wait_for_stage(page, 'live', feed.id);
  await page.keyboard.press('a');
  await page.locator('[data-view-strip]').click();
  await page.waitForSelector('[data-strip]');
  const slider = page.locator('dialog input[type=range]');
  const before = await slider.getAttribute('aria-valuetext');
  await slider.focus();
  await page.keyboard.press('ArrowLeft');
  await page.waitForFunction((words) => {
    const now = document.querySelector('dialog input[type=range]')?.ariaValueText;
    return now && now !== words;
  }, before);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(wide <= 390, `the page is ${wide} wide`);
  await page.context().close();
});
