// The commons: what is published is found with its picture, and each kind has the viewer for it.
// With ORIEL_USER and ORIEL_PASSWORD (an administrator), since a Work has to be made first.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import * as curator from './commons_support.mjs';
import { licence, samples, skip } from './commons_support.mjs';
import { base, feeds, launch, open, wait_until } from './support.mjs';

const bird = new URL('audio/birds_10s.wav', samples);
const no_samples = existsSync(bird) ? skip : `the samples are not there: ${bird.pathname}`;
const panorama = new URL('images/panorama/examplepano.jpg', samples);
const no_panorama = existsSync(panorama) ? skip : `the samples are not there: ${panorama.pathname}`;
const kTable = 'day,animals\n2026-11-01,12\n2026-11-02,"1,204"\n';

let browser;
let page; // of somebody who is in
before(async () => {
  browser = await launch();
  if (skip) return;
  page = await curator.enter(browser);
});
after(() => browser?.close());

const send = (path, data, headers) => curator.send(page, path, data, headers);
const publish = (work) => curator.publish(page, work);
async function shared_file(bytes, file_name, content) {
  const file = await curator.shelve(page, bytes, file_name);
  return publish(
    await send('/api/v1/works', {
      licence,
      files: [{ sha256: file.sha256, name: file_name, role: content.role ?? 'original' }],
      kind: content.kind,
      title: content.title
    })
  );
}

test(
  'a moment becomes a Work that visitors find and watch where it happened',
  { skip },
  async () => {
    const { id } = (await feeds())[0];
    const first = await wait_until(async () => {
      const answer = await (await fetch(`${base}/api/v1/feeds/${id}`)).json();
      const at = Date.parse(answer.first_recorded_at ?? '');
      return Date.now() - at > 12_000 && at;
    }, 'twelve seconds recorded');
    const work = await publish(
      await send('/api/v1/works/of-moment', {
        feed: id,
        start: new Date(first + 2_000).toISOString(),
        end: new Date(first + 6_000).toISOString(),
        title: { en: 'Four seconds of the plateau', zh: '高原四秒' },
        licence
      })
    );
    const visit = await open(browser, '/commons');
    const card = visit.locator(`[data-work="${work.id}"]`);
    await card.waitFor();
    await visit.waitForFunction(
      (wanted) => document.querySelector(`[data-work="${wanted}"] img`)?.naturalWidth > 0,
      work.id
    );
    await card.click();
    await visit.waitForSelector('[data-viewer=video]');
    await visit.waitForFunction(() => {
      const video = document.querySelector('video');
      return video?.readyState >= 1 && video.duration > 3;
    });
    assert.match(await visit.locator('[data-licence]').innerText(), /Attribution|CC BY/i);
    assert.match(await visit.locator('[data-cite]').innerText(), /高原四秒/);
    const data = JSON.parse(await visit.locator('#schema-org').textContent());
    assert.deepEqual(data.type, ['LearningResource', 'VideoObject']);
    await visit.click('[data-moment-of] a');
    await visit.waitForFunction(() => location.search.includes('feed='));
    assert.deepEqual(visit.faults, []);
    await visit.context().close();
  }
);

test('a sound is heard, and seen as wave and spectrogram', { skip: no_samples }, async () => {
  const work = await shared_file(readFileSync(bird), 'birds.wav', {
    kind: 'sound',
    title: { en: 'Birds' }
  });
  const visit = await open(browser, `/works/${work.id}`);
  await visit.waitForSelector('[data-sound=drawn]');
  const colours = await visit.evaluate(() => {
    const canvas = document.querySelector('canvas');
    const { data } = canvas
      .getContext('2d')
      .getImageData(0, canvas.height / 2, canvas.width, canvas.height / 2);
    const seen = new Set();
    for (let i = 0; i < data.length; i += 4)
      seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
    return seen.size;
  });
  assert.ok(colours > 50, `a spectrogram of ${colours} colours`);
  assert.ok((await visit.evaluate(() => document.querySelector('audio').duration)) > 9);
  const taken = await visit.request.get(
    base + (await visit.getAttribute('[data-with-credits]', 'href'))
  );
  assert.equal(taken.headers()['oriel-credits'], 'inside');
  assert.ok((await taken.body()).includes('Birds'), 'the copy says its title itself');
  assert.deepEqual(visit.faults, []);
  await visit.context().close();
});

test('what is shared is found as one types, and narrowed by its kind', { skip }, async () => {
  const title = { en: 'Kiang of the northern steppe', zh: '北部草原的藏野驴' };
  const still = await publish(await send('/api/v1/works', { kind: 'still', title, licence }));
  const lesson = await publish(await send('/api/v1/works', { kind: 'lesson', title, licence }));
  const visit = await open(browser, '/commons');
  await visit.fill('[name=q]', '北部草');
  const cards = visit.locator('[data-work]');
  await visit.waitForFunction(() => document.querySelectorAll('[data-work]').length === 2);
  await visit.locator('[data-facet=kind] button', { hasText: 'Lesson' }).click();
  await visit.waitForFunction(() => document.querySelectorAll('[data-work]').length === 1);
  assert.equal(await cards.getAttribute('data-work'), lesson.id);
  assert.match(visit.url(), /kind=lesson/);
  await visit.locator('.chosen button').click();
  await visit.fill('[name=q]', 'kiang nowhere');
  await visit.waitForFunction(() => document.querySelectorAll('[data-work]').length === 0);
  await visit.fill('[name=q]', 'norther');
  await visit.locator(`[data-work="${still.id}"]`).waitFor();
  assert.deepEqual(visit.faults, []);
  await visit.context().close();
});

test('a table of data shows its first rows, in Chinese too', { skip }, async () => {
  const work = await shared_file(Buffer.from(kTable), 'animals.csv', {
    kind: 'dataset',
    role: 'data',
    title: { en: 'Animals counted', zh: '动物计数' }
  });
  const visit = await open(browser, `/works/${work.id}?lang=zh`);
  await visit.waitForSelector('[data-table="3"]');
  assert.equal(await visit.locator('h1').innerText(), '动物计数');
  assert.equal(await visit.locator('tbody td').last().innerText(), '1,204');
  assert.deepEqual(await curator.serious(visit), []);
  await visit.context().close();
});

test('what clashes with its source stays in the queue, and is told why', { skip }, async () => {
  const source = await publish(
    await send('/api/v1/works', {
      kind: 'image',
      title: { en: 'Not to be changed' },
      licence: 'http://creativecommons.org/licenses/by-nd/4.0/'
    })
  );
  const made = await send('/api/v1/works', {
    kind: 'image',
    title: { en: 'Changed all the same' },
    licence,
    derived_from: [source.id]
  });
  await send(
    `/api/v1/works/${made.id}/state`,
    { state: 'in_review' },
    { 'if-match': `"${made.version}"` }
  );
  await page.goto(`${base}/desk#works`);
  await page.reload();
  const row = page.locator(`[data-work="${made.id}"]`);
  await row.locator('[data-to=published]').click();
  await page.locator('[role=alert]', { hasText: 'Not to be changed' }).waitFor();
  await row.locator('[data-to=draft]').click();
  await page.fill('dialog input', 'the licence of its source');
  await page.locator('dialog form .button').last().click();
  await row.waitFor({ state: 'detached' });
});

test(
  'what shows a feed that the public does not see is published only on a second word',
  {
    skip
  },
  async () => {
    const made = await send('/api/v1/works', {
      kind: 'still',
      title: { en: 'The den' },
      licence,
      moment: { feed: 'den', start: '2026-11-01T00:00:00Z', end: '2026-11-01T00:00:00Z' }
    });
    await send(
      `/api/v1/works/${made.id}/state`,
      { state: 'in_review' },
      { 'if-match': `"${made.version}"` }
    );
    await page.goto(`${base}/desk#works`);
    await page.reload();
    const row = page.locator(`[data-work="${made.id}"]`);
    await row.locator('[data-to=published]').click();
    await page.locator('dialog', { hasText: 'den' }).waitFor();
    assert.equal(await row.getAttribute('data-state'), 'in_review');
    await page.locator('dialog form .button').last().click();
    await row.waitFor({ state: 'detached' });
    assert.equal(
      (await (await fetch(`${base}/api/v1/works/${made.id}`)).json()).state,
      'published'
    );
  }
);

test(
  'a picture is looked into as deep as it goes, by keys, mouse and touch',
  { skip: no_panorama },
  async () => {
    const work = await shared_file(readFileSync(panorama), 'panorama.jpg', {
      kind: 'image',
      title: { en: 'A panorama', zh: '全景' }
    });
    const visit = await open(browser, `/works/${work.id}`);
    const tiles = [];
    visit.on('request', (request) => {
      const found = /\/(\d+),(\d+),(\d+),(\d+)\/(\d+),(\d+)\/0\/default\.jpg$/.exec(request.url());
      if (found) tiles.push(found.slice(1).map(Number));
    });
    const closest = () => Math.min(...tiles.map(([, , width, , across]) => width / across));
    await visit.waitForSelector('[data-picture=deep] canvas', { timeout: 60_000 });
    await visit.waitForFunction(() => {
      const canvas = document.querySelector('[data-picture=deep] canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let i = 0; i < data.length; i += 404)
        seen.add((data[i] << 16) | (data[i + 1] << 8) | data[i + 2]);
      return seen.size > 100;
    });
    // Its own canvas is focused with a click; then + goes closer until the pixels are those of the
    // file.
    await visit.locator('[data-picture=deep] .openseadragon-canvas').click();
    await wait_until(async () => {
      await visit.keyboard.press('+');
      return closest() === 1;
    }, 'tiles at full size');
    await visit.waitForLoadState('networkidle');
    assert.ok(tiles.length > 0 && tiles.every(([, , , , across]) => across <= 512));
    const before = tiles.length;
    await visit.keyboard.press('ArrowRight');
    await visit.keyboard.press('ArrowRight');
    await visit
      .locator('.tools button', { hasText: /全|Whole picture/ })
      .first()
      .click();
    assert.deepEqual(await curator.serious(visit), []);
    assert.ok(tiles.length >= before);
    assert.deepEqual(visit.faults, []);
    await visit.context().close();
  }
);
