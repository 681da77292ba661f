// delay.mjs BASE FEED SECONDS: the delay of a live picture as a visitor sees it, in Chromium.
//
// The demonstration's frames carry the time they were made at, as a row of cells at their bottom
// left (src/demo/clock_cells.h). Each presented frame is read back from the <video> element and
// compared with the present. Prints one JSON line: delays in ms by the socket (the window's own
// page) and by LL-HLS (hls.js), and the time to the first picture of the past.
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const require = createRequire(path.join(root, 'web', 'package.json'));
const { chromium } = require('playwright-core');
const [base, feed, seconds] = process.argv.slice(2);

// Runs in the page: samples of (now - clock in the picture) of the largest video, in ms.
function sample(howLong) {
  const cells = 48;
  const readClock = (context, width, height) => {
    const cell = width >= 640 ? (8 * width) / 1280 : (4 * width) / 320;
    const row = height - 1 - Math.floor(cell);
    const data = context.getImageData(0, row, Math.ceil(cell * (cells + 1)), 1).data;
    let time = 0n;
    for (let i = 0; i < cells; ++i) {
      const x = Math.floor(cell * (i + 1));
      time = (time << 1n) | (data[4 * x] + data[4 * (x - 1)] > 2 * 108 ? 1n : 0n);
    }
    let sum = 0b101010n;
    for (let shift = 6n; shift < 48n; shift += 6n) sum ^= (time >> shift) & 63n;
    return (time & 63n) === sum ? Number(time >> 6n) : null;
  };
  const largest = () =>
    [...document.querySelectorAll('video')]
      .filter((video) => video.videoWidth > 0)
      .sort((a, b) => b.clientWidth * b.clientHeight - a.clientWidth * a.clientHeight)[0];
  return new Promise((resolve) => {
    const found = [];
    let unread = 0;
    const canvas = document.createElement('canvas');
    const context = canvas.getContext('2d', { willReadFrequently: true });
    const end = performance.now() + howLong * 1000;
    const look = (video) => {
      const now = performance.timeOrigin + performance.now();
      canvas.width = video.videoWidth;
      canvas.height = video.videoHeight;
      context.drawImage(video, 0, 0);
      const low = readClock(context, canvas.width, canvas.height);
      if (low === null) ++unread;
      else found.push(now - low); // 42 bits of milliseconds are enough until 2109
      next();
    };
    const next = () => {
      if (performance.now() > end) return resolve({ delays: found, unread });
      const video = largest();
      if (!video) return setTimeout(next, 100);
      let called = false;
      video.requestVideoFrameCallback(() => {
        called = true;
        look(video);
      });
      setTimeout(() => called || next(), 1000);
    };
    next();
  });
}

async function play(page, url) {
  await page.goto(base + '/api/v1/about');
  await page.addScriptTag({ path: path.join(root, 'web/node_modules/hls.js/dist/hls.min.js') });
  return page.evaluate((source) => {
    const video = document.createElement('video');
    video.muted = true;
    video.style.width = '640px';
    document.body.replaceChildren(video);
    const hls = new Hls({ lowLatencyMode: true });
    const begin = performance.now();
    const first = new Promise((resolve) =>
      video.requestVideoFrameCallback(() => resolve(performance.now() - begin))
    );
    hls.loadSource(source);
    hls.attachMedia(video);
    video.play();
    return first;
  }, url);
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--autoplay-policy=no-user-gesture-required', '--disable-gpu']
});
try {
  const context = await browser.newContext({
    bypassCSP: true,
    viewport: { width: 1280, height: 720 }
  });
  const page = await context.newPage();
  await page.goto(`${base}/?feed=${feed}`);
  await page.waitForFunction(
    () => [...document.querySelectorAll('video')].some((video) => video.currentTime > 0),
    null,
    { timeout: 30000 }
  );
  await page.waitForTimeout(5000); // the player settles at its distance
  const socket = await page.evaluate(sample, Number(seconds));

  await play(page, `/live/${feed}/index.m3u8`);
  await page.waitForTimeout(8000);
  const llhls = await page.evaluate(sample, Number(seconds));

  const about = await (await context.request.get(`${base}/api/v1/about`)).json();
  const now = Date.parse(about.now);
  const past = [];
  for (let i = 0; i < 10; ++i) {
    const start = new Date(now - 40000 + i * 2000).toISOString();
    const end = new Date(now - 5000).toISOString();
    past.push(await play(page, `/playback/${feed}/index.m3u8?start=${start}&end=${end}`));
  }
  console.log(JSON.stringify({ socket, llhls, past }));
} finally {
  await browser.close();
}
