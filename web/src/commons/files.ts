// Which of a Work's files is shown, and as what.
import type { Work, WorkFile } from '../api/types';

export type Viewer =
  'video' | 'sound' | 'image' | 'table' | 'model' | 'book' | 'map' | 'document' | 'none';

/** What parts the cells of a table; undefined for what is none. A type is told by the bytes, which
 * do not tell a table from another text: then its name does. */
export function separator_of({ type, name }: WorkFile): ',' | '\t' | undefined {
  if (!type.startsWith('text/')) return undefined;
  if (type === 'text/csv' || /\.csv$/i.test(name)) return ',';
  if (type === 'text/tab-separated-values' || /\.(tsv|tab)$/i.test(name)) return '\t';
  return undefined;
}

/** What others know it by, as pairs of scheme and value; how the demonstration finds its own again is
 * for itself. */
export function identifiers_of(work: Work): [string, string][] {
  return Object.entries(work.identifiers).filter(([scheme]) => scheme !== 'demonstration');
}

export function viewer_of(file: WorkFile | undefined): Viewer {
  if (!file?.url) return 'none';
  if (file.type.startsWith('video/')) return 'video';
  if (file.type.startsWith('audio/')) return 'sound';
  // A drawing may hold a script: as a picture it is shown without running any.
  if (file.type.startsWith('image/')) return 'image';
  if (separator_of(file)) return 'table';
  // As with tables: that a text is JSON the bytes tell, what kind of it the name.
  const json = file.type === 'application/json';
  if (file.type === 'model/gltf-binary' || (json && /\.gltf$/i.test(file.name))) return 'model';
  if (file.type === 'application/geo+json' || (json && /\.geojson$/i.test(file.name))) return 'map';
  if (file.type === 'application/pdf' || file.type === 'application/epub+zip') return 'document';
  return 'none';
}

/** The picture that stands for a Work: its preview, else its first image. */
export function picture_of(work: Work): WorkFile | undefined {
  const pictures = work.files.filter((file) => viewer_of(file) === 'image');
  return pictures.find((file) => file.role === 'preview') ?? pictures[0];
}

/** Smaller copies of a picture, in pixels of the longer side; none of what is no pixels. */
export function picture_sizes(file: WorkFile): { name: string; url: string }[] {
  if (!file.url || !/^image\/(jpeg|png|webp|tiff)$/.test(file.type)) return [];
  const sizes = { small: 480, medium: 1200, large: 2400 };
  return Object.entries(sizes).map(([name, side]) => ({
    name,
    url: `/iiif/image/3/${file.sha256}/full/!${side},${side}/0/default.jpg`
  }));
}

/** What the Work's page shows first: the first original that a viewer takes, else its picture. */
export function main_file(work: Work): WorkFile | undefined {
  const shown = work.files.filter((file) => viewer_of(file) !== 'none');
  // Among the files of a model stand the pictures that lie on it.
  const model = (file: WorkFile) => viewer_of(file) === 'model' && file.role === 'original';
  return (
    shown.find(model) ??
    shown.find((file) => file.role === 'original') ??
    shown.find((file) => file.role === 'data') ??
    picture_of(work) ??
    shown[0]
  );
}

/**
 * The first rows of a table, by RFC 4180: quoted cells may hold separators and line ends. At most
 * `rows_max` rows; of a text that was cut short the last row may be incomplete and is left out.
 */
export function first_rows(text: string, rows_max: number, separator = ','): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let quoted = false;
  for (let i = 0; i < text.length && rows.length < rows_max; i++) {
    const c = text[i]!;
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') {
        cell += '"';
        i++;
      } else quoted = false;
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === separator) {
      row.push(cell);
      cell = '';
    } else if (c === '\n') {
      row.push(cell.replace(/\r$/, ''));
      rows.push(row);
      row = [];
      cell = '';
    } else cell += c;
  }
  return rows;
}
