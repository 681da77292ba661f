// What the page tests share: Chromium, a page that is watched for errors and foreign requests, and
// waiting for conditions. The program under test runs at ORIEL_URL.
import { createRequire } from 'node:module';
import { connect, createServer } from 'node:net';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const { chromium } = require('playwright-core');
export const axe_path = require.resolve('axe-core/axe.min.js');

export const base = (process.env.ORIEL_URL ?? 'http://127.0.0.1:8080').replace(/\/$/, '');

/** How long anything may take on a busy machine before a test calls it broken. */
export const kPatience_ms = 45_000;

export const launch = () =>
  chromium.launch({
    executablePath: process.env.ORIEL_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync'
    ]
  });

/**
 * Whether a console error says only that there is no still, which the page knows to do without: no
 * live picture at the moment, or nothing recorded of the moment asked for.
 */
function is_no_still(message) {
  const url = new URL(message.location().url || base);
  const expected = url.searchParams.has('at') ? 404 : 503;
  return url.pathname.startsWith('/snapshot/') && message.text().includes(`status of ${expected} `);
}

/**
 * Opens a path in a context of its own. What the page does wrong is gathered in `page.faults`:
 * exceptions, console errors, breaches of the security policy, requests to another origin.
 */
export async function open(browser, path, options = {}) {
  const { width = 1280, height = 800, through = base, ...context_options } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    locale: 'en-GB',
    ...context_options
  });
  const page = await context.newPage();
  page.setDefaultTimeout(kPatience_ms);
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(`exception: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !is_no_still(message))
      page.faults.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on('request', (request) => {
    const url = new URL(request.url());
    if (['data:', 'blob:'].includes(url.protocol)) return;
    const origin = url.origin.replace(/^ws/, 'http');
    if (origin !== new URL(through).origin) page.faults.push(`foreign: ${request.url()}`);
  });
  page.on('websocket', (socket) => {
    if (new URL(socket.url()).host !== new URL(through).host)
      page.faults.push(`foreign: ${socket.url()}`);
  });
  await page.goto(through + path);
  return page;
}

export const stage = (page) =>
  page.evaluate(() => ({ ...document.querySelector('[data-stage]')?.dataset }));

/** Waits until the window shows a moving picture in this state ("live", "past", "replay"). */
export async function wait_for_stage(page, state, feed) {
  await page
    .waitForFunction(
      ([wanted, place]) => {
        const data = document.querySelector('[data-stage]')?.dataset;
        return (
          data?.playing === 'true' &&
          data.state === wanted &&
          (place === undefined || data.feed === place)
        );
      },
      [state, feed]
    )
    .catch(async (error) => {
      throw new Error(`no moving picture "${state}": ${JSON.stringify(await stage(page))}`, {
        cause: error
      });
    });
}

/**
 * Waits until a picture under `selector` moves: its time goes on and what it shows changes. Pixels
 * are compared on a small copy, so that a clock or a cloud is enough and noise is not needed.
 */
export async function wait_for_motion(page, selector) {
  await page.waitForFunction(
    (wanted) => {
      const video = [...document.querySelectorAll(`${wanted} video`)].find(
        (candidate) => candidate.readyState >= 2 && candidate.videoWidth > 0
      );
      if (!video) return false;
      const canvas = document.createElement('canvas');
      canvas.width = 96;
      canvas.height = 54;
      const context = canvas.getContext('2d', { willReadFrequently: true });
      context.drawImage(video, 0, 0, canvas.width, canvas.height);
      const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
      const before = (window.seen_in_test ??= {})[wanted];
      if (!before || before.video !== video) {
        window.seen_in_test[wanted] = {
          video,
          pixels,
          time: video.currentTime
        };
        return false;
      }
      let changed = 0;
      for (let i = 0; i < pixels.length; i += 4) {
        if (Math.abs(pixels[i] - before.pixels[i]) > 2) changed++;
      }
      return video.currentTime - before.time > 0.5 && changed > 0;
    },
    selector,
    { polling: 200 }
  );
}

export async function feeds() {
  const answer = await fetch(`${base}/api/v1/feeds`);
  return (await answer.json()).items;
}
export const live_feeds = async () => (await feeds()).filter((feed) => feed.state === 'live');

/** Waits, outside of any page, until `find` answers something. */
export async function wait_until(find, what) {
  const end = Date.now() + kPatience_ms;
  for (;;) {
    let why = '';
    const found = await Promise.resolve(find()).catch((error) => {
      why = `: ${error.message}`;
    });
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}${why}`);
    await new Promise((done) => setTimeout(done, 250));
  }
}

/**
 * A wire between the browser and the program that can be cut: what goes through it breaks, and who
 * dials is refused, until it is mended. `base` is its address for the browser. With `eats`, a
 * connection that begins with a request for this path is dropped, as some proxies do with sockets.
 */
export async function wire({ eats } = {}) {
  const program = new URL(base);
  const ends = new Set();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    if (eats) {
      near.once('data', (bytes) => {
        if (bytes.toString('latin1').startsWith(`GET ${eats} `)) near.destroy();
      });
    }
    const far = connect(Number(program.port || 80), program.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near]
    ]) {
      ends.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        ends.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    cut() {
      whole = false;
      for (const end of ends) end.destroy();
    },
    mend() {
      whole = true;
    },
    async close() {
      this.cut();
      await new Promise((done) => server.close(done));
    }
  };
}
