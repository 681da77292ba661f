// All files on their way, as the page shows them. What is needed to go on after the page was closed
// is kept in the browser: which file, where its upload stands, what it has become.
import { ask, Problem } from '../../api/client';
import type { Work, WorkKind } from '../../api/types';
import { store, stored } from '../../base/storage';
import { i18n } from '../../i18n/i18n.svelte';
import { words_of } from '../session.svelte';
import { kind_of } from '../works/kinds';
import { digest_of } from './digest';
import { forget_file, keep_file, kept_file } from './kept_files';
import { send_file } from './transfer';

export type TransferState =
  'waiting' | 'hashing' | 'sending' | 'cut' | 'full' | 'lost' | 'done' | 'made' | 'refused';

export interface Kept {
  /** Name, length and time of change: what a file is known by when it is chosen again. */
  key: string;
  name: string;
  bytes: number;
  address: string;
  sha256: string;
  type: string;
  /** One Work of this file alone, or undefined: it waits for the others. */
  each: boolean;
  work: string;
}

const kStored = 'oriel.uploads';
const kAtOnce = 2;
const kAgain_ms = [1_000, 2_000, 5_000, 10_000, 30_000];
const kLicence = 'oriel.uploads.licence';

export class Transfer {
  kept: Kept;
  file: File | undefined;
  state = $state<TransferState>('waiting');
  sent = $state(0);
  why = $state('');
  work = $state('');
  tries = 0;
  stop = new AbortController();

  constructor(kept: Kept, file: File | undefined) {
    this.kept = kept;
    this.file = file;
    this.work = kept.work;
    if (kept.work) this.state = 'made';
    else if (kept.sha256 && kept.type) this.state = 'done';
    else if (!file) this.state = 'lost';
    if (this.state === 'made' || this.state === 'done') this.sent = kept.bytes;
  }
  get running(): boolean {
    return this.state === 'hashing' || this.state === 'sending';
  }
}

const key_of = (file: File, path: string) =>
  `${path || file.name}|${file.size}|${file.lastModified}`;

/** "2026/herd at dawn.jpg" → "herd at dawn". */
const title_of = (name: string) => name.replace(/^.*\//, '').replace(/\.[^.]{1,8}$/, '') || name;

class Uploads {
  list = $state<Transfer[]>([]);
  each = $state(true);
  licence = $state(stored(kLicence) ?? '');
  private begun_ = false;

  /** Takes up what an earlier page left. */
  async begin(): Promise<void> {
    if (this.begun_) return;
    this.begun_ = true;
    let kept: Kept[] = [];
    try {
      kept = JSON.parse(stored(kStored) ?? '[]') as Kept[];
    } catch {
      kept = [];
    }
    const found = await Promise.all(
      kept.map(async (one) => new Transfer(one, await kept_file(one.key)))
    );
    this.list.push(...found.filter(({ kept: { key } }) => !this.find(key)));
    addEventListener('online', () => {
      for (const transfer of this.list) if (transfer.state === 'cut') transfer.state = 'waiting';
      this.go_on();
    });
    this.go_on();
  }

  private find(key: string): Transfer | undefined {
    return this.list.find((transfer) => transfer.kept.key === key);
  }

  add(files: { file: File; path: string }[]): void {
    for (const { file, path } of files) {
      const key = key_of(file, path);
      const known = this.find(key);
      if (known) {
        // The same file chosen again: it goes on where it stands.
        known.file = file;
        if (known.state === 'lost' || known.state === 'refused') known.state = 'waiting';
        continue;
      }
      const kept = {
        key,
        name: file.name,
        bytes: file.size,
        address: '',
        sha256: '',
        type: '',
        each: this.each,
        work: ''
      };
      this.list.push(new Transfer(kept, file));
      void keep_file(key, file);
    }
    this.keep();
    this.go_on();
  }

  again(transfer: Transfer): void {
    transfer.state = transfer.kept.type ? 'done' : transfer.file ? 'waiting' : 'lost';
    transfer.why = '';
    if (transfer.state === 'done' && transfer.kept.each) void this.make_each(transfer);
    this.go_on();
  }

  remove(transfer: Transfer): void {
    transfer.stop.abort();
    this.list = this.list.filter((other) => other !== transfer);
    void forget_file(transfer.kept.key);
    if (transfer.kept.address && !transfer.kept.type)
      void ask(transfer.kept.address, { method: 'DELETE' }).catch(() => undefined);
    this.keep();
  }

  clear(): void {
    this.list = this.list.filter(({ state }) => state !== 'made');
    this.keep();
  }

  keep(): void {
    store(kStored, JSON.stringify(this.list.map(({ kept }) => kept)));
    store(kLicence, this.licence);
  }

  private go_on(): void {
    for (const transfer of this.list) {
      if (this.list.filter(({ running }) => running).length >= kAtOnce) return;
      if (transfer.state === 'waiting' && transfer.file) void this.run(transfer, transfer.file);
    }
  }

  private async run(transfer: Transfer, file: File): Promise<void> {
    const { kept } = transfer;
    transfer.stop = new AbortController();
    transfer.why = '';
    try {
      if (!kept.address) {
        transfer.state = 'hashing';
        kept.sha256 = (await digest_of(file)) ?? '';
      }
      transfer.state = 'sending';
      const here = await send_file(file, {
        ...(kept.address ? { address: kept.address } : {}),
        ...(kept.sha256 ? { sha256: kept.sha256 } : {}),
        signal: transfer.stop.signal,
        begun: (address) => {
          kept.address = address;
          this.keep();
        },
        progress: (bytes) => {
          transfer.sent = bytes;
          transfer.tries = 0;
        }
      });
      kept.sha256 = here.sha256;
      kept.type = here.type;
      transfer.sent = kept.bytes;
      transfer.state = 'done';
      this.keep();
      void forget_file(kept.key);
      if (kept.each) await this.make_each(transfer);
    } catch (error) {
      this.broke(transfer, error);
    }
    this.go_on();
  }

  /** Without network or room it goes on by itself; what is refused says why. */
  private broke(transfer: Transfer, error: unknown): void {
    if (transfer.stop.signal.aborted) return;
    const status = error instanceof Problem ? error.status : -1;
    if (status === 0 || status === 507 || status === 503) {
      transfer.state = status === 507 ? 'full' : 'cut';
      const wait = kAgain_ms[Math.min(transfer.tries++, kAgain_ms.length - 1)]!;
      setTimeout(() => {
        if (transfer.state !== 'cut' && transfer.state !== 'full') return;
        transfer.state = 'waiting';
        this.go_on();
      }, wait);
      return;
    }
    transfer.state = 'refused';
    transfer.why = words_of(error);
    // What was refused at its end is no upload any more.
    transfer.kept.address = '';
    this.keep();
  }

  private draft(kind: WorkKind, title: string, files: Transfer[]): Promise<Work> {
    return ask<Work>('/api/v1/works', {
      method: 'POST',
      body: {
        kind,
        title: { [i18n.code]: title },
        licence: this.licence,
        files: files.map(({ kept: { sha256, name, type } }) => ({
          sha256,
          name,
          role: kind === 'book' && type.startsWith('image/') ? 'page' : 'original'
        }))
      }
    });
  }

  private made(work: Work, files: Transfer[]): void {
    for (const transfer of files) {
      transfer.kept.work = transfer.work = work.id;
      transfer.state = 'made';
    }
    this.keep();
  }

  private async make_each(transfer: Transfer): Promise<void> {
    const { name, type } = transfer.kept;
    try {
      this.made(await this.draft(kind_of(type, name), title_of(name), [transfer]), [transfer]);
    } catch (error) {
      this.broke(transfer, error);
    }
  }

  /** All that is here and no Work yet, in the order of their names: pages of a book come right. */
  get loose(): Transfer[] {
    return this.list
      .filter(({ state, kept }) => state === 'done' && !kept.each)
      .sort((a, b) => a.kept.name.localeCompare(b.kept.name, 'en', { numeric: true }));
  }
  async make_one(kind: WorkKind, title: string): Promise<Work> {
    const files = this.loose;
    const work = await this.draft(kind, title, files);
    this.made(work, files);
    return work;
  }
}

export const uploads = new Uploads();
