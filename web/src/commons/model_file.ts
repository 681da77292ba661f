// A glTF 2.0 model made ready to be shown: one GLB that asks for nothing. What a .gltf names (buffers
// and pictures) is taken from the Work's own files; a name that leads elsewhere is refused, and so
// is what would take too much memory, before anything of it is decoded.

export type ModelFault = 'too_large' | 'broken' | 'packed' | 'missing' | 'elsewhere';

export class ModelProblem extends Error {
  readonly why: ModelFault;
  constructor(why: ModelFault, what = '') {
    super(what);
    this.why = why;
  }
}

export const kModelBytes_max = 64_000_000;
const kValues_max = 12_000_000; // of all accessors: corners, indices, frames
const kNodes_max = 20_000;
const kPicture_pixels_max = 8192 * 8192;

interface Uri {
  uri?: string;
}
interface Gltf {
  asset?: { version?: string };
  buffers?: (Uri & { byteLength: number })[];
  bufferViews?: { buffer: number; byteOffset?: number; byteLength: number }[];
  images?: (Uri & { mimeType?: string; bufferView?: number })[];
  accessors?: { count?: number }[];
  nodes?: unknown[];
  extensionsRequired?: string[];
}

// What asks for a decoder that we do not bring: it is said, not tried.
const kKnown =
  /^(KHR_(materials_\w+|texture_transform|mesh_quantization|lights_punctual)|EXT_texture_webp)$/;
const kGlb = 0x46546c67; // "glTF"
const kJson = 0x4e4f534a;
const kBin = 0x004e4942;

function split(bytes: Uint8Array): { json: Gltf; bin: Uint8Array | undefined } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = bytes;
  let bin: Uint8Array | undefined;
  if (bytes.length >= 20 && view.getUint32(0, true) === kGlb) {
    if (view.getUint32(4, true) !== 2) throw new ModelProblem('broken', 'version');
    const length = view.getUint32(12, true);
    if (view.getUint32(16, true) !== kJson || 20 + length > bytes.length)
      throw new ModelProblem('broken', 'chunk');
    text = bytes.subarray(20, 20 + length);
    const next = 20 + length;
    if (next + 8 <= bytes.length && view.getUint32(next + 4, true) === kBin) {
      const bin_length = view.getUint32(next, true);
      if (next + 8 + bin_length > bytes.length) throw new ModelProblem('broken', 'chunk');
      bin = bytes.subarray(next + 8, next + 8 + bin_length);
    }
  }
  let json: Gltf;
  try {
    json = JSON.parse(new TextDecoder().decode(text)) as Gltf;
  } catch {
    throw new ModelProblem('broken', 'JSON');
  }
  if (!json.asset?.version?.startsWith('2.')) throw new ModelProblem('broken', 'version');
  return { json, bin };
}

/** Width times height as a PNG or JPEG says it; undefined for others. */
export function pixels_of(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length > 24 && view.getUint32(0) === 0x89504e47)
    return view.getUint32(16) * view.getUint32(20);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) return undefined;
  for (let at = 2; at + 9 < bytes.length;) {
    const mark = view.getUint16(at);
    if (mark >= 0xffc0 && mark <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(mark))
      return view.getUint16(at + 5) * view.getUint16(at + 7);
    at += 2 + view.getUint16(at + 2);
  }
  return undefined;
}

function check(json: Gltf): void {
  const unknown = (json.extensionsRequired ?? []).filter((name) => !kKnown.test(name));
  if (unknown.length) throw new ModelProblem('packed', unknown.join(', '));
  const values = (json.accessors ?? []).reduce((sum, { count }) => sum + (count ?? 0), 0);
  if (!(values <= kValues_max) || (json.nodes?.length ?? 0) > kNodes_max)
    throw new ModelProblem('too_large');
}

async function bytes_of(uri: string, take: (name: string) => Promise<Uint8Array>) {
  const data = /^data:([^,;]*)[^,]*;base64,/.exec(uri);
  if (data) return Uint8Array.from(atob(uri.slice(data[0].length)), (c) => c.charCodeAt(0));
  if (/^([a-z][a-z0-9+.-]*:|\/\/)/i.test(uri)) throw new ModelProblem('elsewhere', uri);
  return take(decodeURIComponent(uri).split('/').at(-1)!);
}

const kTypes: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp'
};
const type_of = (uri: string) =>
  /^data:([^,;]*)/.exec(uri)?.[1] ?? kTypes[uri.split('.').at(-1)!.toLowerCase()] ?? 'image/png';

/** The whole model as one GLB; `take` gives a file that stands beside it. Throws ModelProblem. */
export async function whole_model(
  bytes: Uint8Array,
  take: (name: string) => Promise<Uint8Array>
): Promise<ArrayBuffer> {
  const { json, bin } = split(bytes);
  check(json);
  const pieces: Uint8Array[] = [];
  let length = 0;
  const add = (piece: Uint8Array): number => {
    const at = length;
    const padding = (4 - (piece.length % 4)) % 4;
    pieces.push(piece, new Uint8Array(padding));
    length += piece.length + padding;
    if (length > kModelBytes_max) throw new ModelProblem('too_large');
    return at;
  };
  const starts: number[] = [];
  for (const { uri, byteLength } of json.buffers ?? []) {
    const piece = uri === undefined ? bin : await bytes_of(uri, take);
    if (!piece || piece.length < byteLength) throw new ModelProblem('broken', 'buffer');
    starts.push(add(piece));
  }
  const views = (json.bufferViews ??= []);
  for (const view of views) {
    const start = starts[view.buffer];
    if (start === undefined) throw new ModelProblem('broken', 'buffer');
    view.byteOffset = start + (view.byteOffset ?? 0);
    view.buffer = 0;
    if (view.byteOffset + view.byteLength > length) throw new ModelProblem('broken', 'buffer');
  }
  for (const image of json.images ?? []) {
    if (image.uri !== undefined) {
      const piece = await bytes_of(image.uri, take);
      image.mimeType ??= type_of(image.uri);
      delete image.uri;
      image.bufferView =
        views.push({
          buffer: 0,
          byteOffset: add(piece),
          byteLength: piece.length
        }) - 1;
    }
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  for (const { bufferView } of json.images ?? []) {
    const view = bufferView === undefined ? undefined : views[bufferView];
    if (!view) throw new ModelProblem('broken', 'image');
    const start = view.byteOffset ?? 0;
    const pixels = pixels_of(all.subarray(start, start + view.byteLength));
    if (pixels !== undefined && pixels > kPicture_pixels_max) throw new ModelProblem('too_large');
  }
  json.buffers = length ? [{ byteLength: length }] : [];
  return glb_of(json, all);
}

function glb_of(json: Gltf, bin: Uint8Array): ArrayBuffer {
  const text = new TextEncoder().encode(JSON.stringify(json));
  const text_length = Math.ceil(text.length / 4) * 4;
  const glb = new Uint8Array(20 + text_length + (bin.length ? 8 + bin.length : 0));
  const view = new DataView(glb.buffer);
  view.setUint32(0, kGlb, true);
  view.setUint32(4, 2, true);
  view.setUint32(8, glb.length, true);
  view.setUint32(12, text_length, true);
  view.setUint32(16, kJson, true);
  glb.fill(0x20, 20, 20 + text_length);
  glb.set(text, 20);
  if (bin.length) {
    view.setUint32(20 + text_length, bin.length, true);
    view.setUint32(24 + text_length, kBin, true);
    glb.set(bin, 28 + text_length);
  }
  return glb.buffer;
}
