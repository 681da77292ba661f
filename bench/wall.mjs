// wall.mjs PATH: a museum's wall in Chromium, watched from outside for as long as standard input
// stays open. ORIEL_URL names the program. Prints one JSON line a second: the time in ms, how many
// tiles move (frames were shown since the last line), and every minute the heap in bytes after a
// collection. The words "cut" and "mend" on standard input cut and mend the network.
import { createInterface } from 'node:readline';
import { launch, open, wire } from '../tests/pages/support.mjs';

const path = process.argv[2];
const line = await wire();
const browser = await launch();
const page = await open(browser, path, {
  width: 1920,
  height: 1080,
  through: line.base
});
const inspector = await page.context().newCDPSession(page);
let open_end = true;
createInterface({ input: process.stdin })
  .on('line', (word) => (word === 'cut' ? line.cut() : line.mend()))
  .on('close', () => (open_end = false));

const heap_bytes = async () => {
  await inspector.send('HeapProfiler.collectGarbage');
  return (await inspector.send('Runtime.getHeapUsage')).usedSize;
};

/** Runs in the page: how many tiles have shown new frames since the last call. */
function count_moving() {
  const before = (window.shown_before ??= new WeakMap());
  let moving = 0;
  for (const tile of document.querySelectorAll('[data-wall-tile]')) {
    const video = tile.querySelector('video');
    const shown = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
    if (video && shown > (before.get(video) ?? shown)) moving++;
    if (video) before.set(video, shown);
  }
  return moving;
}

for (let second = 0; open_end; ++second) {
  const found = { at: Date.now(), moving: await page.evaluate(count_moving) };
  if (second % 60 === 0) found.heap = await heap_bytes();
  console.log(JSON.stringify(found));
  await new Promise((done) => setTimeout(done, 1000));
}
await browser.close();
await line.close();
