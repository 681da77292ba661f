/** What is read into memory to sum it up; a larger file is checked by its length alone. */
const kDigest_bytes_max = 256 << 20;

/** Hexadecimal; undefined where the file is too large, or the browser does not do it here. */
export function digest_of(file: File): Promise<string | undefined> {
  // Browsers compute it on safe connections only.
  if (file.size > kDigest_bytes_max || !globalThis.crypto?.subtle)
    return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const worker = new Worker(new URL('./digest_worker.ts', import.meta.url), { type: 'module' });
    const end = (digest?: string) => {
      worker.terminate();
      resolve(digest || undefined);
    };
    worker.onmessage = (event: MessageEvent<string>) => end(event.data);
    worker.onerror = () => end();
    worker.postMessage(file);
  });
}
