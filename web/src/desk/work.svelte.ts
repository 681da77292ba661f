// What the desk asks of the program, with what went wrong in words.
import { words_of } from './session.svelte';

/** Something the person at the desk set going: busy until it is done. */
export class Work {
  busy = $state(false);
  problem = $state('');

  /** True when it went well. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    this.busy = true;
    this.problem = '';
    try {
      await work();
      return true;
    } catch (error) {
      this.problem = words_of(error);
      return false;
    } finally {
      this.busy = false;
    }
  }
}

/** Something read from the program again and again; undefined until it came the first time. */
export class Fresh<T> {
  value = $state.raw<T>();
  /** When it was last asked for. */
  asked_ms = $state(Date.now());
  problem = $state('');
  private read_: () => Promise<T>;

  constructor(read: () => Promise<T>) {
    this.read_ = read;
  }

  async load(): Promise<void> {
    try {
      this.value = await this.read_();
      this.problem = '';
    } catch (error) {
      this.problem = words_of(error);
    }
    this.asked_ms = Date.now();
  }

  /** Loads now and every `every_ms` while the page is seen; returns how to stop. */
  keep(every_ms: number): () => void {
    let stopped = false;
    let timer: ReturnType<typeof setTimeout>;
    const round = async () => {
      if (!document.hidden) await this.load();
      if (!stopped) timer = setTimeout(round, every_ms);
    };
    void round();
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }
}
