// The wall's service worker: when the network is gone, a reloaded wall still finds its page, what
// it last knew of the places, and their last stills. It serves /wall only.
'use strict';

const kPages = 'oriel-pages';
const kAssets = 'oriel-assets';
const kAnswers = 'oriel-answers';
const kStills = 'oriel-stills';
const kStillsMax = 64;
const kDeadline_ms = 5000;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('message', (event) => {
  if (event.data?.keep) event.waitUntil(keep(event.data.keep, event.data.page));
  if (event.data?.stills) event.waitUntil(keep_stills(event.data.stills));
});

/** Keeps a page with its assets and drops the assets of pages before it. */
async function keep(paths, page) {
  const assets = await caches.open(kAssets);
  await Promise.allSettled(
    paths.map(async (path) => (await assets.match(path)) ?? assets.add(path))
  );
  for (const request of await assets.keys()) {
    if (!paths.includes(new URL(request.url).pathname)) await assets.delete(request);
  }
  const pages = await caches.open(kPages);
  await pages.add(new Request(page, { cache: 'no-cache' })).catch(() => undefined);
  const answers = await caches.open(kAnswers);
  const name = /^\/wall\/([^/]+)\/?$/.exec(new URL(page).pathname)?.[1];
  const asked = ['about', 'sectors', 'sites', 'feeds', ...(name ? [`walls/${name}`] : [])];
  await Promise.allSettled(asked.map((path) => answers.add(`/api/v1/${path}`)));
}

async function keep_stills(urls) {
  const stills = await caches.open(kStills);
  await Promise.allSettled(urls.slice(0, kStillsMax).map((url) => refresh_still(stills, url)));
  const kept = await stills.keys();
  for (const request of kept.slice(0, Math.max(0, kept.length - kStillsMax))) {
    await stills.delete(request);
  }
}

async function refresh_still(stills, url) {
  const answer = await fetch(url, { cache: 'no-cache' });
  if (!answer.ok) return;
  // One still a place: the newest, under the address without its query.
  await stills.put(new URL(url, location.origin).pathname, answer);
}

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin) return;
  if (event.request.mode === 'navigate') {
    event.respondWith(network_first(event.request, kPages));
  } else if (url.pathname.startsWith('/assets/')) {
    event.respondWith(cache_first(event.request));
  } else if (url.pathname.startsWith('/snapshot/') && !url.searchParams.has('at')) {
    event.respondWith(still(event.request, url));
  } else if (/^\/api\/v1\/(about|sectors|sites|feeds|walls\/[^/]+)$/.test(url.pathname)) {
    event.respondWith(network_first(event.request, kAnswers));
  }
});

const timely = (request) => fetch(request, { signal: AbortSignal.timeout(kDeadline_ms) });

async function network_first(request, name) {
  const cache = await caches.open(name);
  try {
    const answer = await timely(request.mode === 'navigate' ? request.url : request);
    if (answer.ok) await cache.put(request.url, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(request.url);
    if (kept) return kept;
    throw error;
  }
}

async function cache_first(request) {
  const kept = await (await caches.open(kAssets)).match(request);
  return kept ?? fetch(request);
}

async function still(request, url) {
  try {
    const answer = await timely(request);
    if (answer.ok) return answer;
  } catch {
    // Without network the kept still follows.
  }
  const kept = await (await caches.open(kStills)).match(url.pathname);
  return kept ?? Response.error();
}
