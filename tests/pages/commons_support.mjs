// What the tests of the commons share: a curator who is in, Works that he makes and publishes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { axe_path, base, open, wait_until } from './support.mjs';

export const account = process.env.ORIEL_USER;
export const password = process.env.ORIEL_PASSWORD;
export const skip = account && password ? false : 'no administrator was given';
export const samples = new URL('../../../shared/samples/', import.meta.url);
export const licence = 'http://creativecommons.org/licenses/by/4.0/';

export async function enter(browser, path = '/desk', options = {}) {
  const page = await open(browser, path, options);
  await page.waitForSelector('[data-desk=out]');
  await page.fill('[name=name]', account);
  await page.fill('[name=password]', password);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-desk=in]');
  return page;
}

export async function ask(page, method, path, data, headers = {}) {
  const answer = await page.request.fetch(`${base}${path}`, {
    method,
    ...(data === undefined ? {} : { data }),
    headers: { origin: base, ...headers },
    timeout: 60_000
  });
  assert.ok(answer.ok(), `${method} ${path}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? undefined : answer.json();
}
export const send = (page, path, data, headers) => ask(page, 'POST', path, data, headers);
export const make = (page, content) => send(page, '/api/v1/works', { licence, ...content });
export const load = (page, id) => ask(page, 'GET', `/api/v1/works/${id}`);

export const shelve = (page, bytes, name) =>
  send(page, `/api/v1/uploads?name=${encodeURIComponent(name)}`, bytes, {
    'content-type': 'application/octet-stream',
    'upload-complete': '?1'
  });

export async function publish(page, work) {
  for (const state of ['in_review', 'published'])
    work = await send(
      page,
      `/api/v1/works/${work.id}/state`,
      { state },
      { 'if-match': `"${work.version}"` }
    );
  // The index takes in what changed within a second.
  await wait_until(async () => {
    const answer = await (await fetch(`${base}/api/v1/works?q=&sort=newest`)).json();
    return answer.items.some(({ id }) => id === work.id);
  }, `to find ${work.id}`);
  return work;
}

/** A published Work of these files: [bytes, name, role]. */
export async function shared(page, files, content) {
  const held = [];
  for (const [bytes, name, role = 'original'] of files)
    held.push({ sha256: (await shelve(page, bytes, name)).sha256, name, role });
  return publish(page, await make(page, { ...content, files: held }));
}

export async function serious(page) {
  await page.evaluate(readFileSync(axe_path, 'utf8'));
  const found = await page.evaluate(() => window.axe.run(document));
  return found.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(' '))}`);
}
