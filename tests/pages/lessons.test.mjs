// Lessons and exhibits: a question answers at once, a worksheet has room to write, and a screen in
// a hall goes on when its network is gone. With ORIEL_USER and ORIEL_PASSWORD (an administrator),
// since the Works have to be made first.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as curator from './commons_support.mjs';
import { licence, serious, skip } from './commons_support.mjs';
import { base, feeds, launch, open, wait_until, wire } from './support.mjs';

const kTable = 'year,antelope\n2016,1204\n2018,1390\n2020,\n2022,"1,602"\n';
const kPicture =
  '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="360"><rect width="640" ' +
  'height="360" fill="#246"/><circle cx="320" cy="180" r="90" fill="#fc8"/></svg>';

let browser;
let page; // of somebody who is in
let picture;
let pages;
before(async () => {
  browser = await launch();
  if (skip) return;
  page = await curator.enter(browser);
  picture = await shared_file(Buffer.from(kPicture), 'disc.svg', 'image', 'original');
  const table = await shared_file(Buffer.from(kTable), 'counts.csv', 'dataset', 'data');
  pages = [
    {
      title: { en: 'Who lives here?', zh: '谁生活在这里？' },
      blocks: [
        { kind: 'text', text: { en: 'A **dry** land.\n\n- grass\n- wind', zh: '**干旱**的土地' } },
        { kind: 'picture', work: picture.id, text: { en: 'The sun', zh: '太阳' } },
        {
          kind: 'question',
          text: { en: 'How far do antelopes walk?', zh: '藏羚羊走多远？' },
          answers: [
            { text: { en: 'Not at all', zh: '不走' }, right: false },
            { text: { en: 'Up to 300 km', zh: '可达300公里' }, right: true }
          ],
          explanation: { en: 'They walk to *Zonag Lake*.', zh: '它们走到卓乃湖。' }
        }
      ]
    },
    {
      title: { en: 'Counted', zh: '统计' },
      blocks: [
        {
          kind: 'chart',
          work: table.id,
          text: { en: 'Each second year', zh: '每两年' },
          chart: { x: 'year', y: ['antelope'], shape: 'line' }
        },
        { kind: 'live', feed: (await feeds())[0].id, text: { en: 'Now', zh: '此刻' } },
        { kind: 'question', text: { en: 'Why does it grow?', zh: '为什么增长？' } }
      ]
    }
  ];
});
after(() => browser?.close());

const send = (path, data, headers) => curator.send(page, path, data, headers);
const publish = (work) => curator.publish(page, work);
async function shared_file(bytes, file_name, kind, role) {
  const file = await curator.shelve(page, bytes, file_name);
  const files = [{ sha256: file.sha256, name: file_name, role }];
  return publish(await send('/api/v1/works', { licence, files, kind, title: { en: file_name } }));
}
const title = { en: 'Above four thousand metres', zh: '四千米以上' };
const composed = async (kind) =>
  publish(await send('/api/v1/works', { kind, title, licence, pages, minutes: 45 }));

test('a lesson is gone through by keys, and its question answers at once', { skip }, async () => {
  const lesson = await composed('lesson');
  const visit = await open(browser, `/works/${lesson.id}`, { reducedMotion: 'reduce' });
  await visit.waitForSelector('[data-lesson="1"]');
  assert.equal(await visit.locator('.text strong').innerText(), 'dry');
  await visit.waitForFunction(
    () => document.querySelector('[data-block=picture] img')?.naturalWidth > 0
  );
  await visit.click('[data-answer="0"]');
  await visit.waitForSelector('[data-question=wrong]');
  await visit.click('[data-answer="1"]');
  await visit.waitForSelector('[data-question=right]');
  assert.match(await visit.locator('[data-told]').innerText(), /Zonag Lake/);
  assert.deepEqual(await serious(visit), []);
  await visit.locator('h2').first().focus();
  await visit.keyboard.press('ArrowRight');
  await visit.waitForSelector('[data-lesson="2"]');
  await visit.waitForSelector('[data-chart="4"] svg');
  assert.match(
    await visit.locator('[data-chart] svg').getAttribute('aria-label'),
    /1,204 \(2016\).*1,602 \(2022\)/
  );
  assert.deepEqual(await serious(visit), []);
  await visit.keyboard.press('ArrowLeft');
  await visit.waitForSelector('[data-question=""]');
  assert.deepEqual(visit.faults, []);
  await visit.context().close();
});

test('on paper all pages stand below each other, with room to write', { skip }, async () => {
  const lesson = await composed('lesson');
  const visit = await open(browser, `/works/${lesson.id}?lang=zh`);
  await visit.waitForSelector('[data-lesson="1"]');
  await visit.emulateMedia({ media: 'print' });
  const sheet = visit.locator('[data-worksheet=plain]');
  await sheet.waitFor();
  assert.equal(await visit.locator('[data-paper-question]').count(), 2);
  assert.ok(await visit.locator('.lesson').isHidden());
  await sheet.locator('img').first().waitFor();
  await wait_until(
    async () => /CC|署名/.test(await sheet.locator('footer').innerText()),
    'credits'
  );
  const text = await sheet.innerText();
  for (const expected of ['藏羚羊走多远？', '可达300公里', '为什么增长？', `/works/${lesson.id}`])
    assert.ok(text.includes(expected), expected);
  assert.ok(!text.includes('卓乃湖'), 'the answers are not for the pupils');
  assert.ok((await visit.pdf({ format: 'A4' })).length > 10_000);
  await visit.emulateMedia({ media: 'screen' });
  await visit.evaluate(() => (window.print = () => (window.printed = true)));
  await visit.click('[data-print-answers]');
  await visit.waitForFunction(() => window.printed);
  await visit.emulateMedia({ media: 'print' });
  assert.match(await visit.locator('[data-paper-answers]').innerText(), /可达300公里[^]*卓乃湖/);
  await visit.context().close();
});

test('who is in makes a copy that names its source', { skip }, async () => {
  const lesson = await composed('lesson');
  await page.goto(`${base}/works/${lesson.id}`);
  await page.click('[data-copy]');
  await page.waitForFunction((id) => !location.pathname.includes(id), lesson.id);
  await page.waitForSelector('[data-work-page=draft] [data-lesson="1"]');
  assert.equal(
    await page.locator('[data-links=sources] a').getAttribute('href'),
    `/works/${lesson.id}`
  );
});

test('nobody is shown an exhibit that is not published', { skip }, async () => {
  const draft = await send('/api/v1/works', { kind: 'exhibit', title, licence, pages });
  for (const id of [draft.id, picture.id, 'nothing-here'])
    assert.equal((await fetch(`${base}/exhibit/${id}`)).status, 404, id);
});

test(
  'an exhibit goes on without network, and after it was switched on again',
  { skip },
  async () => {
    const exhibit = await composed('exhibit');
    const line = await wire();
    const visit = await open(browser, `/exhibit/${exhibit.id}`, { through: line.base });
    await visit.waitForSelector('[data-exhibit=attract][data-kept=true]');
    assert.deepEqual(await serious(visit), []);
    assert.equal(await visit.locator('a[href]').count(), 0);
    line.cut();
    await visit.reload();
    await visit.waitForSelector('[data-exhibit=attract]');
    await visit.click('[data-begin]');
    await visit.waitForFunction(
      () => document.querySelector('[data-block=picture] img')?.naturalWidth > 0
    );
    await visit.click('[data-answer="1"]');
    await visit.waitForSelector('[data-question=right]');
    assert.equal(await visit.locator('a[href]').count(), 0);
    await visit.click('[data-language]');
    await visit.locator('h2', { hasText: '谁生活在这里？' }).waitFor();
    await visit.click('[data-next]');
    await visit.waitForSelector('[data-chart="4"] svg');
    await visit.waitForSelector('[data-live][data-lost=true]');
    assert.deepEqual(await serious(visit), []);
    line.mend();
    await visit.waitForSelector('[data-live][data-lost=false]');
    await visit.context().close();
    await line.close();
  }
);

test('left alone an exhibit returns to its start and draws people near', { skip }, async () => {
  const exhibit = await composed('travelling_exhibit');
  const visit = await open(browser, '/commons');
  await visit.clock.install();
  await visit.goto(`${base}/exhibit/${exhibit.id}`);
  await visit.waitForSelector('[data-exhibit=attract]');
  await visit.click('[data-begin]');
  await visit.click('[data-next]');
  await visit.locator('h2', { hasText: 'Counted' }).waitFor();
  await visit.clock.fastForward(50_000);
  assert.equal(await visit.locator('[data-exhibit=open]').count(), 1);
  await visit.clock.fastForward(11_000);
  await visit.waitForSelector('[data-exhibit=attract]');
  const slide = await visit.locator('[data-slide]').getAttribute('data-slide');
  await visit.clock.fastForward(9_500);
  await visit.waitForSelector(`[data-slide]:not([data-slide="${slide}"])`);
  await visit.click('[data-begin]');
  await visit.locator('h2', { hasText: 'Who lives here?' }).waitFor();
  await visit.context().close();
});
