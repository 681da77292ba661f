// The wall, as it hangs unattended.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { base, launch, live_feeds, open, wait_for_motion, wait_until, wire } from './support.mjs';

let browser;
let live;
before(async () => {
  browser = await launch();
  live = await wait_until(async () => {
    const found = (await live_feeds()).map((feed) => feed.id);
    return found.length >= 2 ? found : undefined;
  }, 'two live places');
});
after(() => browser?.close());

/** Nine tiles, or as many as there are live places. */
const nine = () => live.slice(0, 9);
const all_move = (page, count) =>
  page.waitForFunction(
    (wanted) => document.querySelectorAll('[data-wall-tile][data-playing=true]').length >= wanted,
    count
  );

test('nine places move, with captions in two languages and a clock', async () => {
  const places = nine();
  const page = await open(browser, `/wall?feeds=${places.join(',')}&layout=9`, {
    width: 1920,
    height: 1080
  });
  await all_move(page, places.length);
  for (const place of places) await wait_for_motion(page, `[data-wall-tile][data-feed="${place}"]`);
  const captions = await page.locator('figcaption').allInnerTexts();
  assert.equal(captions.length, places.length);
  assert.match(captions[0], /\p{Script=Latin}/u);
  assert.match(captions[0], /\p{Script=Han}/u);
  assert.match(await page.locator('footer time').innerText(), /^\d\d:\d\d$/);
  assert.equal(
    await page.evaluate(() => getComputedStyle(document.querySelector('.wall')).cursor),
    'none'
  );
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test('a rotation shows one place after the other, each already moving', async () => {
  const places = live.slice(0, 2);
  const page = await open(
    browser,
    `/wall?feeds=${places.join(',')}&layout=1&mode=rotate&rotate_s=6`
  );
  for (const place of [places[0], places[1], places[0]]) {
    await page.waitForSelector(
      `.grid:not(.ahead) [data-wall-tile][data-feed="${place}"][data-playing=true]`
    );
    await page.waitForSelector(`.grid:not(.ahead) [data-wall-tile][data-feed="${place}"]`);
  }
  await page.context().close();
});

test('a wall whose network is cut says so and moves again without a hand', async () => {
  const line = await wire();
  const places = nine();
  const page = await open(browser, `/wall?feeds=${places.join(',')}`, {
    width: 1920,
    height: 1080,
    through: line.base
  });
  await all_move(page, places.length);
  line.cut();
  await page.waitForSelector('[data-lost]');
  line.mend();
  await page.waitForSelector('[data-lost]', { state: 'detached' });
  await all_move(page, places.length);
  await page.context().close();
  await line.close();
});

test('a tile whose picture is taken away is made anew', async () => {
  const [place] = live;
  const page = await open(browser, `/wall?feeds=${place}`);
  await all_move(page, 1);
  await page.evaluate(() => {
    const video = document.querySelector('[data-wall-tile] video');
    video.pause();
    video.removeAttribute('src');
    video.load();
  });
  await page.waitForSelector('[data-wall-tile][data-playing=false]');
  await all_move(page, 1);
  await wait_for_motion(page, '[data-wall-tile]');
  await page.context().close();
});

test('a wall loaded without network still shows its page and its last stills', async (t) => {
  const line = await wire();
  const places = live.slice(0, 4);
  const path = `/wall?feeds=${places.join(',')}`;
  const page = await open(browser, path, { through: line.base });
  if (!(await page.evaluate(() => isSecureContext && 'serviceWorker' in navigator))) {
    t.skip('service workers need https or localhost');
    await line.close();
    return;
  }
  await all_move(page, places.length);
  await wait_until(
    () =>
      page.evaluate(async (count) => {
        const [stills, pages, answers] = await Promise.all(
          ['oriel-stills', 'oriel-pages', 'oriel-answers'].map(
            async (name) => (await (await caches.open(name)).keys()).length
          )
        );
        return stills >= count && pages >= 1 && answers >= 4;
      }, places.length),
    'the page and its stills to be kept'
  );
  line.cut();
  await page.reload();
  await page.waitForSelector('[data-lost]');
  await page.waitForFunction(
    (count) =>
      [...document.querySelectorAll('[data-wall-tile] img')].filter(
        (still) => still.complete && still.naturalWidth > 0
      ).length >= count,
    places.length
  );
  line.mend();
  await all_move(page, places.length);
  await page.context().close();
  await line.close();
});

test('a wall that does not exist says so and waits', async () => {
  const page = await open(browser, '/wall/no-such-wall-here');
  await page.waitForFunction(() => /no-such-wall-here/.test(document.body.innerText));
  await page.context().close();
});

test('the program answers the wall page for any name', async () => {
  const answer = await fetch(`${base}/wall/hall`);
  assert.equal(answer.status, 200);
  assert.match(answer.headers.get('content-type'), /text\/html/);
});
