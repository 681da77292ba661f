// One file on its way to the shelf, by "Resumable Uploads for HTTP" (draft 6): begun with POST, sent
// in pieces with PATCH, and after a break asked with HEAD how far it has come.
import { Problem } from '../../api/client';
import type { ShelfFile } from '../../api/types';

/** What the program takes at once (Upload-Limit: max-append-size). */
export const kPiece_bytes = 8 << 20;

interface Answer {
  status: number;
  offset: number;
  location: string | null;
  body: Record<string, unknown> | undefined;
}

/** A request whose way up can be watched, which fetch() cannot. Throws Problem 0 without network. */
function send(
  method: string,
  url: string,
  headers: Record<string, string>,
  body: Blob | null,
  signal: AbortSignal,
  sent: (bytes: number) => void = () => undefined
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    signal.addEventListener('abort', abort);
    request.onloadend = () => signal.removeEventListener('abort', abort);
    request.open(method, url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => sent(event.loaded);
    request.onerror = request.onabort = () => reject(new Problem(0, ''));
    request.onload = () => {
      let document: Record<string, unknown> | undefined;
      try {
        document = JSON.parse(request.responseText) as Record<string, unknown>;
      } catch {
        document = undefined;
      }
      resolve({
        status: request.status,
        offset: Number(request.getResponseHeader('upload-offset') ?? NaN),
        location: request.getResponseHeader('location'),
        body: document
      });
    };
    request.send(body);
  });
}

function refusal({ status, body }: Answer): Problem {
  return new Problem(status, String(body?.detail ?? body?.title ?? status), body ?? {});
}

export interface Sending {
  /** Where the upload stands, if it was begun before. */
  address?: string;
  sha256?: string;
  signal: AbortSignal;
  /** It was begun: its address is worth keeping. */
  begun: (address: string) => void;
  progress: (bytes: number) => void;
}

const base64 = (hex: string) =>
  btoa(hex.replace(/../g, (pair) => String.fromCharCode(Number.parseInt(pair, 16))));

async function begin(file: File, how: Sending): Promise<string> {
  const answer = await send(
    'POST',
    `/api/v1/uploads?name=${encodeURIComponent(file.name)}`,
    {
      'content-type': 'application/octet-stream',
      'upload-complete': '?0',
      'upload-length': String(file.size),
      ...(how.sha256 ? { 'repr-digest': `sha-256=:${base64(how.sha256)}:` } : {})
    },
    null,
    how.signal
  );
  if (answer.status !== 201 || !answer.location) throw refusal(answer);
  how.begun(answer.location);
  return answer.location;
}

/**
 * Sends what is missing of the file; gives what it is on the shelf. Throws Problem: status 0 for no
 * network and 507 for no room, after both of which it can go on; else it is refused for good.
 */
export async function send_file(file: File, how: Sending): Promise<ShelfFile> {
  let address = how.address;
  let offset = 0;
  if (address) {
    const answer = await send('HEAD', address, {}, null, how.signal);
    if (answer.status === 404) address = undefined;
    else if (answer.status !== 200 || !Number.isFinite(answer.offset)) throw refusal(answer);
    else offset = answer.offset;
  }
  address ??= await begin(file, how);
  for (;;) {
    how.progress(offset);
    const end = Math.min(offset + kPiece_bytes, file.size);
    const start = offset;
    const answer = await send(
      'PATCH',
      address,
      {
        'content-type': 'application/partial-upload',
        'upload-offset': String(start),
        'upload-complete': end === file.size ? '?1' : '?0'
      },
      file.slice(start, end),
      how.signal,
      (bytes) => how.progress(start + bytes)
    );
    const expected = Number(answer.body?.['expected-offset'] ?? NaN);
    if (answer.status === 201) return answer.body as unknown as ShelfFile;
    if (answer.status === 204) offset = Number.isFinite(answer.offset) ? answer.offset : end;
    // A piece came although its answer did not.
    else if (answer.status === 409 && Number.isFinite(expected) && expected !== start)
      offset = expected;
    else throw refusal(answer);
  }
}
