// Keeping an exhibit on its screen: its page, its assets, its Works and their files, in a cache of
// its own that public/exhibit-sw.js answers from when the network does not.
import { urls } from '../api/client';
import type { Work } from '../api/types';
import { store } from '../base/storage';
import { kept_still_key } from '../lesson/keeping';
import { feeds_of } from '../lesson/works';
import { wanted_files } from './wanted';

// A screen that shows one exhibit after another keeps the last ones.
const kExhibits_max = 3;
const kStill_width = 1280;
const cache_name = (id: string) => `oriel-exhibit-${id}`;

/** Whether this browser can keep anything here: not over plain http from another machine. */
export const can_keep = () => 'serviceWorker' in navigator && 'caches' in globalThis;

export async function start_keeping(): Promise<void> {
  if (!can_keep()) return;
  await navigator.serviceWorker.register('/exhibit-sw.js', { scope: '/exhibit/' });
}

const own_assets = () =>
  performance
    .getEntriesByType('resource')
    .map((entry) => new URL(entry.name))
    .filter((url) => url.origin === location.origin && url.pathname.startsWith('/assets/'))
    .map((url) => url.pathname);

async function put(cache: Cache, path: string, fresh: boolean): Promise<boolean> {
  if (!fresh && (await cache.match(path))) return true;
  try {
    const answer = await fetch(path, fresh ? { cache: 'no-cache' } : {});
    if (answer.status !== 200) return false;
    await cache.put(path, answer);
    return true;
  } catch {
    // No network, or no more room on this screen: the rest is kept all the same.
    return false;
  }
}

/**
 * Keeps an exhibit; files first, what names them last, so that what is kept is whole at any moment.
 * True when all of it is kept.
 */
export async function keep(exhibit: Work, works: Map<string, Work>): Promise<boolean> {
  if (!can_keep()) return false;
  // So that they are loaded, and with it kept, before they are first needed.
  if (exhibit.pages?.some((page) => page.blocks?.some(({ kind }) => kind === 'model')))
    await Promise.allSettled([
      import('../commons/ModelView.svelte'),
      import('../commons/model_scene')
    ]);
  const cache = await caches.open(cache_name(exhibit.id));
  const files = wanted_files(exhibit, works).map(({ url }) => url);
  const assets = [...new Set(own_assets())];
  const answers = [exhibit.id, ...works.keys()].map((id) => `/api/v1/works/${id}`);
  const page = `/exhibit/${exhibit.id}`;
  let whole = true;
  for (const path of [...assets, ...files]) whole = (await put(cache, path, false)) && whole;
  for (const path of [...answers, page]) whole = (await put(cache, path, true)) && whole;
  if (whole) {
    const stills = feeds_of(exhibit.pages ?? []).map((feed) => urls.snapshot(feed));
    const wanted = new Set([...assets, ...files, ...answers, ...stills, page]);
    for (const request of await cache.keys())
      if (!wanted.has(new URL(request.url).pathname)) await cache.delete(request);
  }
  await drop_oldest(exhibit.id);
  return whole;
}

async function drop_oldest(id: string): Promise<void> {
  const others = (await caches.keys()).filter(
    (name) => name.startsWith('oriel-exhibit-') && name !== cache_name(id)
  );
  for (const name of others.slice(0, Math.max(0, others.length - kExhibits_max + 1)))
    await caches.delete(name);
}

/** Renews the kept picture of each live window. */
export async function keep_stills(exhibit: Work): Promise<void> {
  if (!can_keep()) return;
  const cache = await caches.open(cache_name(exhibit.id));
  for (const feed of feeds_of(exhibit.pages ?? [])) {
    const answer = await fetch(urls.snapshot(feed, { width: kStill_width, fresh: Date.now() }), {
      cache: 'no-store'
    }).catch(() => undefined);
    // What the worker answers from the cache is no news.
    if (answer?.status !== 200 || answer.headers.has('x-kept')) continue;
    await cache.put(urls.snapshot(feed), answer);
    store(kept_still_key(feed), String(Date.now()));
  }
}
