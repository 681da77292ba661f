// The desk of a curator: uploads, tables, parties, and the Works themselves: many at once,
// translated, their history, and two curators at one Work.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { base, launch, open, wait_until, wire } from './support.mjs';
import {
  account,
  ask,
  enter,
  licence,
  load,
  make,
  send,
  serious,
  skip
} from './commons_support.mjs';

let browser;
before(async () => {
  browser = await launch();
});
after(() => browser?.close());

const text = (page, selector) => page.locator(selector).innerText();
async function at(tab, options) {
  const page = await enter(browser, '/desk', options);
  await show(page, tab);
  return page;
}
async function show(page, tab) {
  await page.evaluate((hash) => (location.hash = hash), tab);
  await page.waitForSelector(`nav a[href="#${tab}"][aria-current=page]`);
}
/** The queue of drafts with these Works in it. */
async function drafts(page, works) {
  await page.evaluate(() => (location.hash = 'uploads'));
  await show(page, 'works');
  await page.selectOption('[data-works-state]', 'draft');
  for (const { id } of works) await page.waitForSelector(`[data-work="${id}"]`);
}
const file_of = (name, buffer) => ({ name, mimeType: 'application/octet-stream', buffer });
const put = (page, work, change, note) => {
  const content = {};
  for (const key of ['kind', 'title', 'about', 'licence', 'credit', 'terms'])
    content[key] = work[key];
  return ask(
    page,
    'PUT',
    `/api/v1/works/${work.id}`,
    { ...content, ...change, note },
    {
      'if-match': `"${work.version}"`
    }
  );
};

test('files become drafts, one each, and what is refused says why', { skip }, async () => {
  const page = await at('uploads');
  const stamp = Date.now();
  await page.setInputFiles('[name=files]', [
    file_of(`herd ${stamp}.txt`, Buffer.from('Twelve kiangs at the lake.\n')),
    file_of(`trap ${stamp}.jpg`, Buffer.from('this is no picture\n'))
  ]);
  await page.waitForSelector(`[data-upload="herd ${stamp}.txt"][data-state=made]`);
  const refused = page.locator(`[data-upload="trap ${stamp}.jpg"][data-state=refused]`);
  await refused.locator('[role=alert]', { hasText: 'not what its name says' }).waitFor();
  const link = await page.locator(`[data-upload="herd ${stamp}.txt"] a`).getAttribute('href');
  const work = await load(page, link.split('/').at(-1));
  assert.deepEqual(
    [work.kind, work.state, work.title],
    ['dataset', 'draft', { en: `herd ${stamp}` }]
  );
  assert.deepEqual(await serious(page), []);
  await page.context().close();
});

test('several files become one Work, in the order of their names', { skip }, async () => {
  const page = await at('uploads');
  const title = `A notebook of ${Date.now()}`;
  await page.selectOption('[name=each]', 'one');
  await page.setInputFiles(
    '[name=files]',
    [10, 9, 1].map((number) => file_of(`page ${number}.txt`, Buffer.from(`${title} ${number}\n`)))
  );
  await page.waitForSelector('[data-loose="3"]');
  await page.fill('form [name=title]', title);
  await page.locator('form .main').click();
  await page.waitForSelector('[data-upload="page 10.txt"][data-state=made]');
  const link = await page.locator('[data-upload="page 9.txt"] a').getAttribute('href');
  const work = await load(page, link.split('/').at(-1));
  assert.deepEqual(
    work.files.map(({ name }) => name),
    ['page 1.txt', 'page 9.txt', 'page 10.txt']
  );
  await page.context().close();
});

test(
  'an upload goes on where it stood after the network was cut, and after a reload',
  { skip },
  async () => {
    const cable = await wire();
    const page = await at('uploads', { through: cable.base });
    const bytes = Buffer.alloc(40 << 20, 0);
    for (let i = 0; i < bytes.length; i += 4096) bytes.writeUInt32LE((i + Date.now()) % 2 ** 32, i);
    const name = `long ${Date.now()}.bin`;
    const asked = [];
    page.on('request', (request) => {
      if (!request.url().includes('/uploads')) return;
      asked.push(`${request.method()} ${request.headers()['upload-offset'] ?? ''}`.trim());
    });
    // Each piece slowly enough that the cut comes in the midst of it.
    await page.route('**/api/v1/uploads/**', async (route) => {
      if (asked.filter((line) => line.startsWith('PATCH')).length === 3) cable.cut();
      await route.continue().catch(() => undefined);
    });
    await page.setInputFiles('[name=files]', [file_of(name, bytes)]);
    await page.waitForSelector(`[data-upload="${name}"][data-state=cut]`);
    await page.unroute('**/api/v1/uploads/**');
    cable.mend();
    // Where it stands when the page is loaded again nobody says: it goes on, or is there by then.
    await page.reload();
    await page.waitForSelector(`[data-upload="${name}"][data-state=made]`);
    assert.equal(asked.filter((line) => line === 'POST').length, 1, 'it was begun once');
    assert.ok(
      asked.some((line) => line.startsWith('HEAD')),
      'it was asked how far it came'
    );
    const starts = asked.filter((line) => line === 'PATCH 0');
    assert.equal(starts.length, 1, 'its beginning was sent once');
    const link = await page.locator(`[data-upload="${name}"] a`).getAttribute('href');
    const work = await load(page, link.split('/').at(-1));
    assert.equal(work.files[0].bytes, bytes.length);
    await page.context().close();
    await cable.close();
  }
);

const kTable = 'title,标题,decimalLatitude,decimalLongitude,date,colour\n';
test(
  'a table is mapped, looked at row by row, taken with all its rows, and undone',
  { skip },
  async () => {
    const page = await at('imports');
    const stamp = Date.now();
    const wrong = `${kTable}Kiang ${stamp},藏野驴,36.9,100.2,2026-11-20,brown\nWolf,狼,136.9,100.2,2026,grey\n`;
    await page.setInputFiles('[name=table]', file_of('objects.csv', Buffer.from(wrong)));
    await page.waitForSelector('[data-column="标题"]');
    assert.equal(await page.inputValue('[data-column="标题"] select'), 'title.zh');
    assert.equal(await page.inputValue('[data-column=colour] select'), '');
    await page.locator('[data-check]').click();
    await page.waitForSelector('[data-rows="2"][data-faulty="1"]');
    await page.waitForSelector('[data-fault="3"]');
    assert.equal(await page.locator('[data-run]').count(), 0, 'nothing is written with a fault');
    assert.deepEqual(await serious(page), []);

    await page.setInputFiles(
      '[name=table]',
      file_of('objects.csv', Buffer.from(wrong.replace('136.9', '36.9')))
    );
    await page.locator('[data-check]').click();
    await page.waitForSelector('[data-rows="2"][data-faulty="0"]');
    await page.locator('[data-run]').click();
    await page.waitForSelector('[data-made="2"]');
    const found = async () =>
      (await ask(page, 'GET', '/api/v1/works?state=draft&count=100')).items.filter(
        ({ title }) => title.en === `Kiang ${stamp}`
      ).length;
    assert.equal(await found(), 1);
    await page.locator('[data-undo]').first().click();
    await page.locator('dialog .grave').click();
    await page.waitForSelector('[data-undone="2"]');
    assert.equal(await found(), 0);
    await page.context().close();
  }
);

test('a table of GBK is read as what it is', { skip }, async () => {
  const page = await at('imports');
  // "标题,作者" and "羚羊,李" in GBK.
  const table = Buffer.from('b1eacce22cd7f7d5df0ac1e7d1f22cc0ee0a', 'hex');
  await page.setInputFiles('[name=table]', file_of('gbk.csv', table));
  await page.waitForSelector('[data-column="标题"]');
  assert.equal(await page.inputValue('[name=encoding]'), 'gb18030');
  await page.locator('[data-check]').click();
  await page.waitForSelector('[data-rows="1"][data-faulty="0"]');
  await page.context().close();
});

test('parties stand under their umbrella, and nobody writes over another', { skip }, async () => {
  const page = await at('parties');
  const name = `Museum ${Date.now()}`;
  const above = await send(page, '/api/v1/parties', { kind: 'institution', name: { en: name } });
  await page.locator('.head .main').click();
  await page.selectOption('dialog [name=kind]', 'department');
  await page
    .waitForSelector(`dialog [name=within] option[value="${above.id}"]`, {
      state: 'attached'
    })
    .catch(() => undefined);
  await page.keyboard.press('Escape');
  await page.reload();
  await page.waitForSelector(`[data-party="${above.id}"]`);
  await page.locator('.head .main').click();
  await page.selectOption('dialog [name=kind]', 'department');
  await page.selectOption('dialog [name=within]', above.id);
  await page.fill('dialog input[lang=en]', `Ecology of ${name}`);
  await page.locator('dialog .main').click();
  const row = page.locator('[data-depth="1"]', { hasText: `Ecology of ${name}` });
  await row.waitFor();
  const id = await row.getAttribute('data-party');
  await row.locator('button[aria-label^=Edit]').click();
  await page.fill('dialog [name=homepage]', 'https://mine.example/');
  const now = await ask(page, 'GET', `/api/v1/parties/${id}`);
  const { version, id: _, ...content } = now;
  await ask(
    page,
    'PUT',
    `/api/v1/parties/${id}`,
    { ...content, homepage: 'https://theirs.example/' },
    { 'if-match': `"${version}"` }
  );
  await page.locator('dialog .main').click();
  await page.locator('dialog [data-now]', { hasText: 'https://theirs.example/' }).waitFor();
  assert.deepEqual(await serious(page), []);
  await page.locator('dialog .main').click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  const after_all = await ask(page, 'GET', `/api/v1/parties/${id}`);
  assert.equal(after_all.homepage, 'https://mine.example/');
  await page.context().close();
});

/** Presses Tab until the element has the focus. */
async function tab_to(page, selector) {
  await wait_until(async () => {
    await page.keyboard.press('Tab');
    return page.evaluate((wanted) => document.activeElement?.matches(wanted), selector);
  }, `the focus on ${selector}`);
}

test(
  'many Works are changed by keys alone; what another changed is not written over',
  { skip },
  async () => {
    const page = await enter(browser);
    const stamp = Date.now();
    const works = [];
    for (const number of [1, 2, 3])
      works.push(await make(page, { kind: 'still', title: { en: `Still ${stamp} ${number}` } }));
    await drafts(page, works);
    for (const { id } of works) {
      await page.focus(`[data-choose="${id}"]`);
      await page.keyboard.press('Space');
    }
    await page.focus('[data-works-state]');
    await tab_to(page, '[data-bulk-edit]');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog [data-bulk=asking]');
    await tab_to(page, 'dialog [name=licence]');
    await page.keyboard.type('CC0');
    const chosen = await page.inputValue('dialog [name=licence]');
    assert.notEqual(chosen, '', 'a licence was chosen by its first letters');
    await tab_to(page, 'dialog [name=add]');
    await page.selectOption('dialog [name=add]', 'http://metadata.un.org/sdg/15');
    await tab_to(page, 'dialog .main');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog [data-touched="3"]');
    assert.equal(await page.locator('dialog [data-difference=licence]').count(), 3);
    assert.deepEqual(await serious(page), []);
    assert.equal((await load(page, works[0].id)).version, 1, 'nothing is written by looking');
    await put(page, works[1], { title: { en: `Somebody's ${stamp}` } }, 'meanwhile');
    await tab_to(page, 'dialog .main');
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog [data-written="2"]');
    await page.waitForSelector(`dialog [data-failed="${works[1].id}"][data-conflict=true]`);
    assert.equal((await load(page, works[0].id)).licence, chosen);
    assert.deepEqual((await load(page, works[0].id)).terms, ['http://metadata.un.org/sdg/15']);
    const other = await load(page, works[1].id);
    assert.deepEqual([other.licence, other.title.en], [licence, `Somebody's ${stamp}`]);
    await page.context().close();
  }
);

test(
  'a Work is translated side by side, by keys alone, as one version with its maker',
  { skip },
  async () => {
    const page = await enter(browser);
    const work = await make(page, {
      kind: 'still',
      title: { en: `Dawn ${Date.now()}` },
      about: { en: 'Two wolves at the river.' }
    });
    await drafts(page, [work]);
    await page.focus(`[data-translate="${work.id}"]`);
    await page.keyboard.press('Enter');
    await page.waitForSelector('dialog [data-gaps="2"]');
    assert.equal(await page.locator('dialog [data-missing]').count(), 2);
    await tab_to(page, 'dialog [data-text="title zh"]');
    await page.keyboard.insertText('黎明');
    await page.waitForSelector('dialog [data-gaps="1"]');
    await tab_to(page, 'dialog [data-text="about zh"]');
    await page.keyboard.insertText('河边的两只狼。');
    await page.waitForSelector('dialog [data-gaps="0"]');
    assert.deepEqual(await serious(page), []);
    await tab_to(page, 'dialog .main');
    await page.keyboard.press('Enter');
    await page.locator('dialog').waitFor({ state: 'detached' });
    const now = await load(page, work.id);
    assert.deepEqual([now.version, now.title.zh, now.about.zh], [2, '黎明', '河边的两只狼。']);
    assert.deepEqual(now.makers, [{ party: '', name: account, role: 'translator:zh' }]);
    await page.context().close();
  }
);

test('what a Work was is read, and an old version restored as a new one', { skip }, async () => {
  const page = await enter(browser);
  const first = await make(page, { kind: 'still', title: { en: `Two wolves ${Date.now()}` } });
  const second = await put(page, first, { title: { en: 'Two kiangs' } }, 'they are kiangs');
  await drafts(page, [second]);
  await page.locator(`[data-history="${first.id}"]`).click();
  await page.waitForSelector('dialog [data-version="1"]');
  assert.match(await text(page, 'dialog [data-version="2"]'), /they are kiangs/);
  const difference = page.locator('dialog [data-difference="title.en"]');
  assert.equal(await difference.locator('ins').innerText(), 'kiangs');
  assert.match(await difference.locator('del').first().innerText(), /wolves/);
  assert.deepEqual(await serious(page), []);
  await page.locator('dialog [data-restore="1"]').click();
  await page.locator('dialog').waitFor({ state: 'detached' });
  const now = await load(page, first.id);
  assert.deepEqual(
    [now.version, now.title.en, now.note],
    [3, first.title.en, 'version 1 restored']
  );
  await page.context().close();
});

test(
  'two curators at one Work: both texts are shown, and what each did alone is kept',
  { skip },
  async () => {
    const page = await enter(browser);
    const work = await make(page, {
      kind: 'still',
      title: { en: `The lake ${Date.now()}`, zh: '湖' },
      credit: 'Photo: Li'
    });
    await drafts(page, [work]);
    await page.locator(`[data-edit="${work.id}"]`).click();
    await page.fill('dialog input[lang=zh]', '青海湖');
    await page.fill('dialog [name=date]', '2026-11-20');
    await put(
      page,
      work,
      { title: { ...work.title, zh: '鄂陵湖' }, credit: 'Photo: Li Na' },
      'which lake'
    );
    await page.locator('dialog .main').click();
    await page.waitForSelector('dialog [data-conflict="1"]');
    const clash = page.locator('dialog [data-clash="title.zh"]');
    assert.match(await clash.innerText(), /青海湖[^]*鄂陵湖/);
    assert.ok(await page.locator('dialog .main').isDisabled(), 'a person decides');
    assert.deepEqual(await serious(page), []);
    await clash.locator('[data-take=theirs]').check();
    await page.fill('dialog [data-merged="title.zh"]', '鄂陵湖和青海湖');
    await page.locator('dialog .main').click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    const now = await load(page, work.id);
    assert.deepEqual(
      [now.version, now.title.zh, now.credit, now.date],
      [3, '鄂陵湖和青海湖', 'Photo: Li Na', '2026-11-20']
    );
    await page.context().close();
  }
);

test('the pages of the curators in Chinese on a phone', { skip }, async () => {
  const page = await enter(browser, '/desk?lang=zh', { width: 390, height: 844 });
  for (const tab of ['works', 'uploads', 'imports', 'parties']) {
    await show(page, tab);
    await page.waitForSelector('h2');
    assert.deepEqual(await serious(page), [], tab);
  }
  // Who is not in yet is told so.
  assert.deepEqual(
    page.faults.filter((fault) => !fault.includes('401')),
    []
  );
  await page.context().close();
});
