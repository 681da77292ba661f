// The window as a visitor meets it.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import {
  feeds,
  kPatience_ms,
  launch,
  live_feeds,
  open,
  stage,
  wait_for_motion,
  wait_for_stage,
  wait_until,
  wire
} from './support.mjs';

let browser;
before(async () => {
  browser = await launch();
  await wait_until(async () => (await live_feeds()).length >= 2, 'two live places');
});
after(() => browser?.close());

/** A place that has been recorded for at least half a minute, and that moment. */
async function recorded_place() {
  return wait_until(async () => {
    for (const feed of await live_feeds()) {
      const since_ms = Date.parse(feed.first_recorded_at ?? '');
      if (Date.now() - since_ms > 40_000) return feed;
    }
    return undefined;
  }, 'a place with half a minute of past');
}

test('a moving picture opens by itself, near live, silent, with nothing from elsewhere', async () => {
  const page = await open(browser, '/');
  await wait_for_stage(page, 'live');
  await wait_for_motion(page, '[data-stage]');
  const shown = await stage(page);
  assert.ok(Number(shown.behindMs) < 6000, `shown ${shown.behindMs} ms behind`);
  const sound = await page.evaluate(() =>
    [...document.querySelectorAll('video')].every((video) => video.muted)
  );
  assert.ok(sound, 'a page makes no sound that was not asked for');
  assert.ok((await page.locator('h1').innerText()).length > 0);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('where no socket comes through, low-latency HLS shows the same picture', async () => {
  const line = await wire({ eats: '/live/socket' });
  const page = await open(browser, '/', { through: line.base });
  await wait_for_stage(page, 'live');
  await wait_for_motion(page, '[data-stage]');
  const shown = await stage(page);
  assert.equal(shown.rendition, 'hls');
  assert.ok(Number(shown.behindMs) < 10_000, `shown ${shown.behindMs} ms behind`);
  await page.context().close();
  await line.close();
});

test('the other places move in the strip', async () => {
  const page = await open(browser, '/', { width: 1440, height: 900 });
  await page.waitForFunction(
    () => document.querySelectorAll('[data-tile] [data-playing=true]').length >= 3
  );
  await page.context().close();
});

test('arrow keys, a tile and a sector choose the place', async () => {
  const page = await open(browser, '/');
  await wait_for_stage(page, 'live');
  const first = (await stage(page)).feed;
  const order = await page.evaluate(() =>
    [...document.querySelectorAll('[data-tile]')].map((tile) => tile.dataset.tile)
  );
  assert.equal(order.length, (await feeds()).length);
  await page.keyboard.press('ArrowRight');
  const second = order[(order.indexOf(first) + 1) % order.length];
  await page.waitForSelector(`[data-stage][data-feed="${second}"]`);
  await page.keyboard.press('ArrowLeft');
  await page.waitForSelector(`[data-stage][data-feed="${first}"]`);
  await page.locator(`[data-tile="${second}"] button`).click();
  await page.waitForSelector(`[data-stage][data-feed="${second}"]`);
  assert.match(page.url(), new RegExp(`feed=${second}`));
  await page.keyboard.press(']');
  await page.waitForFunction(
    (before) => document.querySelector('[data-stage]').dataset.feed !== before,
    second
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('dragging the bar shows that moment of the past, and one key is back at live', async () => {
  const feed = await recorded_place();
  const page = await open(browser, `/?feed=${feed.id}`);
  await wait_for_stage(page, 'live', feed.id);
  await page.selectOption('.range select', '1');
  const bar = await page.locator('[role=slider]').boundingBox();
  // Half a minute back on a bar of an hour.
  const x = bar.x + bar.width * (1 - 30 / 3600);
  const y = bar.y + bar.height / 2;
  await page.mouse.move(bar.x + bar.width - 1, y);
  await page.mouse.down();
  await page.mouse.move(x, y, { steps: 6 });
  const preview = await page.locator('[data-preview]').getAttribute('data-preview');
  await page.mouse.up();
  await wait_for_stage(page, 'past', feed.id);
  const shown = await stage(page);
  const off_ms = Date.parse(shown.moment) - Date.parse(preview);
  assert.ok(off_ms > -2500 && off_ms < 8000, `asked ${preview}, shown ${shown.moment}`);
  assert.match(page.url(), /at=/);
  await wait_for_motion(page, '[data-stage]');
  await page.keyboard.press('Home');
  await wait_for_stage(page, 'live', feed.id);
  assert.doesNotMatch(page.url(), /at=/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a link to a moment opens that moment', async () => {
  const feed = await recorded_place();
  const at_ms = Date.now() - 25_000;
  const at = new Date(at_ms).toISOString();
  const page = await open(browser, `/?feed=${feed.id}&at=${at}`);
  await wait_for_stage(page, 'past', feed.id);
  const moment_ms = Date.parse((await stage(page)).moment);
  assert.ok(Math.abs(moment_ms - at_ms) < 8000, `asked ${at}, shown ${new Date(moment_ms)}`);
  await page.locator('[data-back-live]').click();
  await wait_for_stage(page, 'live', feed.id);
  await page.context().close();
});

test('the page speaks Chinese where the visitor does', async () => {
  const page = await open(browser, '/', { locale: 'zh-CN' });
  await wait_for_stage(page, 'live');
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'zh');
  await page.waitForFunction(() => /直播/.test(document.querySelector('.now').innerText));
  assert.match(await page.locator('h1').innerText(), /\p{Script=Han}/u);
  await page.selectOption('.language select', 'en');
  await page.waitForFunction(() => /Live/.test(document.querySelector('.now').innerText));
  await page.reload();
  await wait_for_stage(page, 'live');
  assert.equal(await page.evaluate(() => document.documentElement.lang), 'en');
  await page.context().close();
});

for (const [width, height] of [
  [390, 844],
  [768, 1024],
  [3840, 2160]
]) {
  test(`at ${width} pixels nothing runs out sideways`, async () => {
    const page = await open(browser, '/', { width, height });
    await wait_for_stage(page, 'live');
    const wide = await page.evaluate(() => ({
      page: document.documentElement.scrollWidth,
      title: document.querySelector('h1').getBoundingClientRect().right
    }));
    assert.ok(wide.page <= width, `the page is ${wide.page} wide`);
    assert.ok(wide.title <= width, `the title ends at ${wide.title}`);
    await page.context().close();
  });
}

test('the map, the days, the clip and the help open and close from the keyboard', async () => {
  const page = await open(browser, '/');
  await wait_for_stage(page, 'live');
  for (const key of ['m', 't', 'c', '?']) {
    await page.keyboard.press(key);
    await page.waitForSelector('dialog[open]');
    if (key === 'm') await page.waitForSelector('[data-map=ready], [data-map=failed]');
    await page.keyboard.press('Escape');
    await page.waitForSelector('dialog', { state: 'detached' });
  }
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a still of the place can be saved', async () => {
  const page = await open(browser, '/');
  await wait_for_stage(page, 'live');
  const [download] = await Promise.all([
    page.waitForEvent('download', { timeout: kPatience_ms }),
    page.keyboard.press('d')
  ]);
  assert.match(download.suggestedFilename(), /\.jpg$/);
  await page.context().close();
});

test('with letters switched off only the arrow keys act', async () => {
  const page = await open(browser, '/');
  await wait_for_stage(page, 'live');
  await page.keyboard.press('?');
  await page.locator('dialog input[type=checkbox]').uncheck();
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  const before = (await stage(page)).feed;
  await page.keyboard.press('m');
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(
    (feed) => document.querySelector('[data-stage]').dataset.feed !== feed,
    before
  );
  assert.equal(await page.locator('dialog[open]').count(), 0);
  await page.context().close();
});

test('a page whose connection breaks moves again by itself', async () => {
  const line = await wire();
  const page = await open(browser, '/', { through: line.base });
  await wait_for_stage(page, 'live');
  line.cut();
  await page.waitForSelector('.window[data-link=waiting]');
  line.mend();
  await page.waitForSelector('.window[data-link=open]');
  await wait_for_stage(page, 'live');
  await wait_for_motion(page, '[data-stage]');
  await page.context().close();
  await line.close();
});
