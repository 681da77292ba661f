// What the wall keeps for a time without network: its own page and each place's last still.

const kStills_ms = 60_000;

/** Lets the service worker keep this page and these stills; nothing where the browser has none. */
export async function keep_page(stills: () => string[]): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  try {
    await navigator.serviceWorker.register('/sw.js', { scope: '/wall' });
    const worker = (await navigator.serviceWorker.ready).active;
    const assets = performance
      .getEntriesByType('resource')
      .map((entry) => new URL(entry.name))
      .filter((url) => url.origin === location.origin && url.pathname.startsWith('/assets/'))
      .map((url) => url.pathname);
    worker?.postMessage({ keep: [...new Set(assets)], page: location.href, stills: stills() });
  } catch {
    // Plain http in a museum's own network has no service worker; all else works without it.
  }
}

/** Renews the kept stills once a minute; returns how to stop. */
export function keep_stills(urls: () => string[]): () => void {
  const renew = () => {
    if (!navigator.onLine) return;
    void navigator.serviceWorker?.controller?.postMessage({ stills: urls() });
  };
  const timer = setInterval(renew, kStills_ms);
  return () => clearInterval(timer);
}
