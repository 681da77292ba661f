// The files of what was dropped, those in folders too.

export interface Dropped {
  file: File;
  path: string;
}

const kFiles_max = 10_000;

const entries_in = (folder: FileSystemDirectoryReader): Promise<FileSystemEntry[]> =>
  new Promise((resolve, reject) => folder.readEntries(resolve, reject));

async function take(entry: FileSystemEntry, into: Dropped[]): Promise<void> {
  if (into.length >= kFiles_max || entry.name.startsWith('.')) return;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject)
    );
    into.push({ file, path: entry.fullPath });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A browser gives a hundred at a time.
  for (let some = await entries_in(reader); some.length; some = await entries_in(reader))
    for (const inner of some) await take(inner, into);
}

export async function dropped_files(items: DataTransferItemList): Promise<Dropped[]> {
  // To be asked for at once: after the event the list is empty.
  const entries = [...items].map((item) => item.webkitGetAsEntry());
  const files: Dropped[] = [];
  for (const entry of entries) if (entry) await take(entry, files);
  return files;
}

export const chosen_files = (list: FileList): Dropped[] =>
  [...list].map((file) => ({ file, path: file.webkitRelativePath }));
