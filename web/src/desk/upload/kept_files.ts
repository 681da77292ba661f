// Small files on their way are kept by the browser, so that they go on by themselves when the page
// was loaded again. A browser that keeps nothing is no error: then the file is chosen again.

const kKept_bytes_max = 64 << 20;
const kStore = 'files';

function database(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('oriel-uploads', 1);
    request.onupgradeneeded = () => request.result.createObjectStore(kStore);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('no database'));
  });
}

async function within<T>(
  mode: IDBTransactionMode,
  act: (store: IDBObjectStore) => IDBRequest<T>
): Promise<T | undefined> {
  try {
    const open = await database();
    return await new Promise<T>((resolve, reject) => {
      const request = act(open.transaction(kStore, mode).objectStore(kStore));
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error ?? new Error('not kept'));
    }).finally(() => open.close());
  } catch {
    return undefined;
  }
}

export async function keep_file(key: string, file: File): Promise<void> {
  if (file.size <= kKept_bytes_max) await within('readwrite', (store) => store.put(file, key));
}
export const kept_file = (key: string) =>
  within<File | undefined>('readonly', (store) => store.get(key) as IDBRequest<File | undefined>);
export const forget_file = (key: string) => within('readwrite', (store) => store.delete(key));
