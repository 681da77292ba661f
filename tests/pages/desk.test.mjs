// The desk. With ORIEL_USER and ORIEL_PASSWORD (an administrator) also what lies behind its door.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { axe_path, base, feeds, launch, open, wait_until } from './support.mjs';

const name = process.env.ORIEL_USER;
const password = process.env.ORIEL_PASSWORD;
const skip = name && password ? false : 'no administrator was given';

let browser;
// A camera that never answers: a minute later that is an alarm, which the last test looks for.
const lost = `lost-${Date.now()}`;
before(async () => {
  browser = await launch();
  if (skip) return;
  const page = await enter();
  const made = await page.request.post(`${base}/api/v1/desk/feeds`, {
    data: { id: lost, name: { en: lost }, source: 'rtsp://127.0.0.1:1/nothing', record: true },
    headers: { origin: base }
  });
  assert.equal(made.status(), 201, await made.text());
  await page.context().close();
});
after(() => browser?.close());

async function enter(path = '/desk') {
  const page = await open(browser, path);
  await page.waitForSelector('[data-desk=out]');
  await page.fill('[name=name]', name);
  await page.fill('[name=password]', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-desk=in]');
  return page;
}

test('a wrong password is refused in plain words', async () => {
  const page = await open(browser, '/desk');
  await page.fill('[name=name]', 'nobody');
  await page.fill('[name=password]', 'not the password');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[role=alert]');
  assert.equal(await page.locator('[data-desk=out]').count(), 1);
  await page.context().close();
});

test('every feed stands in the table with its picture and its state', { skip }, async () => {
  const page = await enter();
  const all = await feeds();
  await page.waitForSelector(`[data-row="${all[0].id}"]`);
  assert.ok((await page.locator('[data-row]').count()) >= all.length);
  await page.waitForFunction(
    (row) => document.querySelector(`[data-row="${row}"] img`).naturalWidth > 0,
    all[0].id
  );
  await page.context().close();
});

test('a feed is paused with a word and resumed', { skip }, async () => {
  const page = await enter();
  const row = page.locator('[data-row][data-state=live]').last();
  const id = await row.getAttribute('data-row');
  await row.locator('button[aria-label^="Pause"]').click();
  await page.locator('dialog input').fill('cleaning the lens');
  await page.locator('dialog button.main').click();
  await page.waitForSelector(`[data-row="${id}"][data-state=paused]`);
  await page.locator(`[data-row="${id}"] button[aria-label^="Resume"]`).click();
  await page.waitForSelector(`[data-row="${id}"][data-state=live]`);
  await page.context().close();
});

test('who is in changes the password, and stays in', { skip }, async () => {
  const page = await enter();
  const change = async (old_password) => {
    await page.click('[data-own-password]');
    await page.fill('dialog [autocomplete=current-password]', old_password);
    await page.fill('dialog [autocomplete=new-password]', `${password} and more`);
    await page.keyboard.press('Enter');
  };
  await change('not the old one');
  await page.waitForSelector('dialog [role=alert]');
  await page.keyboard.press('Escape');
  await page.waitForSelector('dialog', { state: 'detached' });
  await change(password);
  await page.waitForSelector('dialog', { state: 'detached' });
  await page.reload();
  await page.waitForSelector('[data-desk=in]');
  const back = { old_password: `${password} and more`, new_password: password };
  const answer = await page.request.put(`${base}/api/v1/me/password`, {
    data: back,
    headers: { origin: base }
  });
  assert.equal(answer.status(), 200);
  await page.context().close();
});

test('an address that is no camera is refused in plain words', { skip }, async () => {
  const page = await enter();
  await page.locator('.head .button.main').click();
  await page.fill('[name=source]', 'rtsp://127.0.0.1:1/nothing');
  await page.locator('.test button').click();
  await page.waitForSelector('dialog [role=alert]');
  await page.context().close();
});

test('a wall is arranged, shown, seen in the desk and removed', { skip }, async () => {
  const page = await enter('/desk#walls');
  const wall = `test-wall-${Date.now()}`;
  await page.locator('.head .button.main').click();
  await page.fill('dialog [name=name]', wall);
  const choice = page.locator('dialog .sides .form').last().locator('select');
  for (let i = 0; i < 2; i++) {
    const value = await choice.locator('option').nth(1).getAttribute('value');
    await choice.selectOption(value);
  }
  await page.locator('dialog button.main').click();
  await page.waitForSelector(`[data-wall-row="${wall}"]`);

  const screen = await open(browser, `/wall/${wall}`);
  await screen.waitForFunction(
    () => document.querySelectorAll('[data-wall-tile][data-playing=true]').length === 2
  );
  await page.waitForFunction(
    (shown) => [...document.querySelectorAll('td')].some((cell) => cell.innerText === shown),
    wall
  );
  await screen.context().close();
  await page.locator(`[data-wall-row="${wall}"] button[aria-label^="Remove"]`).click();
  await page.locator('dialog button.grave').click();
  await page.waitForSelector(`[data-wall-row="${wall}"]`, {
    state: 'detached'
  });
  await page.context().close();
});

/** Writes a moment as a field of local date and time takes it. */
function local(at_ms) {
  const at = new Date(at_ms - new Date(at_ms).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 19);
}
async function fill_span(form, { feed, start, end, reason }) {
  await form.locator('[name=feed]').selectOption(feed);
  await form.locator('[name=start]').fill(local(start));
  await form.locator('[name=end]').fill(local(end));
  await form.locator('[name=reason]').fill(reason);
}
/** The first whole minute of a feed that is recorded and over. */
const first_closed = (feed) =>
  wait_until(async () => {
    const answer = await fetch(`${base}/api/v1/feeds/${feed}`);
    const { first_recorded_at } = await answer.json();
    return first_recorded_at && Date.parse(first_recorded_at);
  }, `something recorded of ${feed}`);

test('a held time is kept, even from a person who would delete it', { skip }, async () => {
  const page = await enter('/desk#holds');
  const { id } = (await feeds())[1];
  const start = await first_closed(id);
  const span = { feed: id, start, end: start + 3_600_000, reason: 'evidence of a poacher' };
  await fill_span(page.locator('form').first(), span);
  await page.locator('form').first().locator('button.main').click();
  const held = page.locator('[data-hold=in_force]', { hasText: 'evidence of a poacher' });
  await held.waitFor();

  await fill_span(page.locator('form').last(), { ...span, reason: 'asked for by a neighbour' });
  await page.locator('form').last().locator('button.main').click();
  await page.locator('[role=alert]', { hasText: 'evidence of a poacher' }).waitFor();

  await held.locator('button[aria-label^=Release]').click();
  await page.locator('dialog button.grave').click();
  await held.waitFor({ state: 'detached' });
  assert.equal(await page.locator('[data-hold=released]').count(), 1);
  await page.context().close();
});

test(
  'what a deletion would take is told, and nothing goes before it is confirmed',
  { skip },
  async () => {
    const page = await enter('/desk#holds');
    const { id } = (await feeds())[1];
    const start = await first_closed(id);
    const form = page.locator('form').last();
    await fill_span(form, { feed: id, start, end: start + 60_000, reason: 'a face' });
    await form.locator('button.main').click();
    await page.waitForSelector('dialog [data-would]');
    await page.locator('dialog .button:not(.grave)').click();
    assert.equal(await page.locator('[data-deletion]').count(), 0);
    assert.equal(await first_closed(id), start);
    await page.context().close();
  }
);

test('a rule of retention is tried out, set, and taken away', { skip }, async () => {
  const page = await enter('/desk#storage');
  await page.waitForSelector('[data-volume=ok]');
  const set = async (days) => {
    await page.locator('[data-retention-edit]').selectOption('*');
    await page.locator('dialog [name=keep_days]').fill(days);
  };
  await set('3650');
  await page.locator('dialog .ends button').first().click();
  await page.waitForSelector('dialog [data-tried="0"]');
  await page.locator('dialog button.main').click();
  await page.locator('[data-rule="*"]', { hasText: '3,650 days' }).waitFor();
  await set('');
  await page.locator('dialog button.main').click();
  await page.locator('[data-rule="*"]', { hasNotText: '3,650 days' }).waitFor();
  await page.context().close();
});

test('no tab of the desk has a serious fault of accessibility', { skip }, async () => {
  const { readFileSync } = await import('node:fs');
  const page = await enter();
  for (const tab of [
    'feeds',
    'coverage',
    'walls',
    'withheld',
    'holds',
    'storage',
    'alarms',
    'users'
  ]) {
    await page.evaluate((hash) => (location.hash = hash), tab);
    await page.waitForSelector(`nav a[href="#${tab}"][aria-current=page]`);
    await page.evaluate(readFileSync(axe_path, 'utf8'));
    const found = await page.evaluate(() => window.axe.run(document));
    const serious = found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${tab} ${id}: ${nodes.map((node) => node.target.join(' '))}`);
    assert.deepEqual(serious, []);
  }
  await page.context().close();
});

test('a lost camera is an alarm, which somebody knows of, and which ends', { skip }, async () => {
  const page = await enter('/desk#alarms');
  const alarm = page.locator('[data-alarm=source_lost]', { hasText: lost });
  await alarm.waitFor();
  await alarm.locator('button').click();
  await alarm.locator('td', { hasText: name }).waitFor();
  const removed = await page.request.delete(`${base}/api/v1/desk/feeds/${lost}`, {
    headers: { origin: base }
  });
  assert.ok(removed.ok());
  await alarm.waitFor({ state: 'detached' });
  await page.locator('tr', { hasText: lost }).waitFor();
  await page.context().close();
});
