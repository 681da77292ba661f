// The desk. With ORIEL_USER and ORIEL_PASSWORD (an administrator) also what lies behind its door.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { axe_path, base, feeds, launch, open } from './support.mjs';

const name = process.env.ORIEL_USER;
const password = process.env.ORIEL_PASSWORD;
const skip = name && password ? false : 'no administrator was given';

let browser;
before(async () => {
  browser = await launch();
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

test('no tab of the desk has a serious fault of accessibility', { skip }, async () => {
  const { readFileSync } = await import('node:fs');
  const page = await enter();
  for (const tab of ['feeds', 'walls', 'withheld', 'storage', 'users']) {
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
