// The exhibits' service worker: /exhibit/ only. What exhibit/keep.ts put into a cache is answered
// from there when the network does not answer; nothing is kept here that was not put there.
'use strict';

const kPrefix = 'oriel-exhibit-';
const kDeadline_ms = 5000;

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  if (request.mode === 'navigate') event.respondWith(page(url));
  else if (url.pathname.startsWith('/assets/') || url.pathname.startsWith('/files/'))
    event.respondWith(kept_first(request, url.pathname));
  else if (url.pathname.startsWith('/api/v1/works/') || url.pathname.startsWith('/snapshot/'))
    event.respondWith(network_first(request, url.pathname));
});

/** In any exhibit's cache: an address means the same in each. */
async function kept(path) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(kPrefix)) continue;
    const found = await (await caches.open(name)).match(path);
    if (found) return found;
  }
  return undefined;
}

async function page(url) {
  const path = url.pathname.replace(/\/$/, '');
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(kDeadline_ms) });
    // It was taken back: nothing of it stays on this screen.
    if (answer.status === 404 || answer.status === 410)
      await caches.delete(kPrefix + path.split('/').pop());
    if (answer.status < 500) return answer;
    return (await kept(path)) ?? answer;
  } catch (error) {
    const found = await kept(path);
    if (found) return found;
    throw error;
  }
}

async function network_first(request, path) {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(kDeadline_ms) });
    if (answer.status < 500) return answer;
  } catch {
    // What is kept follows.
  }
  const found = await kept(path);
  if (!found) return Response.error();
  const headers = new Headers(found.headers);
  headers.delete('content-encoding');
  headers.delete('content-length');
  headers.set('x-kept', '1');
  return new Response(found.body, { status: 200, headers });
}

/** Files have their content's address and assets their hash: what is kept is what is there. */
async function kept_first(request, path) {
  const found = await kept(path);
  if (!found) return fetch(request);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.get('range') ?? '');
  if (!range) return found;
  // A film asks for its parts.
  const whole = await found.blob();
  const start = Number(range[1]);
  const end = Math.min(range[2] ? Number(range[2]) : whole.size - 1, whole.size - 1);
  if (start > end)
    return new Response(null, {
      status: 416,
      headers: { 'content-range': `bytes */${whole.size}` }
    });
  return new Response(whole.slice(start, end + 1), {
    status: 206,
    headers: {
      'content-type': found.headers.get('content-type') ?? 'application/octet-stream',
      'content-length': String(end - start + 1),
      'content-range': `bytes ${start}-${end}/${whole.size}`,
      'accept-ranges': 'bytes'
    }
  });
}
