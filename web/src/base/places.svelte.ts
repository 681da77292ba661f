// Sectors, sites and feeds as this page knows them, kept true by the program's events.
import { ask, ask_all, urls } from '../api/client';
import type { About, Feed, Sector, Site } from '../api/types';

export interface Place {
  feed: Feed;
  site: Site | undefined;
  sector: Sector | undefined;
}
export interface Group {
  sector: Sector | undefined;
  index: number;
  places: Place[];
}

const kRetryFirst_ms = 1000;
const kRetryMax_ms = 8000;
const kRefresh_ms = 60_000;

export class Places {
  about = $state<About>();
  sectors = $state.raw<Sector[]>([]);
  sites = $state.raw<Site[]>([]);
  feeds = $state.raw<Feed[]>([]);
  loaded = $state(false);
  failed = $state(false);

  groups: Group[] = $derived.by(() => {
    const by_sector = new Map<string, Place[]>();
    for (const feed of this.feeds) {
      const place = this.place_of(feed);
      const key = place.sector?.id ?? '';
      by_sector.set(key, [...(by_sector.get(key) ?? []), place]);
    }
    const known: Group[] = this.sectors.map((sector, index) => ({
      sector,
      index,
      places: by_sector.get(sector.id) ?? []
    }));
    known.push({ sector: undefined, index: known.length, places: by_sector.get('') ?? [] });
    return known.filter((group) => group.places.length > 0);
  });
  /** All places in the order in which they are shown. */
  order: Place[] = $derived(this.groups.flatMap((group) => group.places));

  private events_: EventSource | undefined;
  private timer_: ReturnType<typeof setTimeout> | undefined;
  private closed_ = false;

  find(feed: string | undefined): Place | undefined {
    return this.order.find((place) => place.feed.id === feed);
  }

  group_of(feed: string | undefined): Group | undefined {
    return this.groups.find((group) => group.places.some((place) => place.feed.id === feed));
  }

  /** Loads everything, trying again until it works, then listens for changes. */
  async open(): Promise<void> {
    for (
      let pause_ms = kRetryFirst_ms;
      !this.closed_;
      pause_ms = Math.min(kRetryMax_ms, pause_ms * 2)
    ) {
      try {
        await this.load();
        this.failed = false;
        break;
      } catch {
        this.failed = true;
        await new Promise((done) => (this.timer_ = setTimeout(done, pause_ms)));
      }
    }
    if (this.closed_) return;
    this.listen();
    this.timer_ = setInterval(() => void this.reload(), kRefresh_ms);
  }

  close(): void {
    this.closed_ = true;
    clearTimeout(this.timer_);
    clearInterval(this.timer_);
    this.events_?.close();
  }

  /** Reads the feeds again; keeps what is known when that fails. */
  async reload(): Promise<void> {
    try {
      this.feeds = await ask_all<Feed>('/api/v1/feeds');
    } catch {
      // The next round asks again; until then the last known state stays on the page.
    }
  }

  async reload_feed(feed: string): Promise<void> {
    try {
      this.take(await ask<Feed>(urls.feed(feed)));
    } catch {
      // As above.
    }
  }

  private async load(): Promise<void> {
    const [about, sectors, sites, feeds] = await Promise.all([
      ask<About>('/api/v1/about'),
      ask_all<Sector>('/api/v1/sectors'),
      ask_all<Site>('/api/v1/sites'),
      ask_all<Feed>('/api/v1/feeds')
    ]);
    this.about = about;
    this.sectors = sectors;
    this.sites = sites;
    this.feeds = feeds;
    this.loaded = true;
  }

  private listen(): void {
    const events = new EventSource('/api/v1/events');
    this.events_ = events;
    let broken = false;
    events.addEventListener('feed', (event) => {
      try {
        this.take(JSON.parse(event.data) as Feed);
      } catch {
        void this.reload();
      }
    });
    events.onopen = () => {
      // What happened while we were not listening is only in the list.
      if (broken) void this.reload();
      broken = false;
    };
    events.onerror = () => {
      broken = true;
      if (events.readyState === EventSource.CLOSED && !this.closed_) {
        clearTimeout(this.reopen_);
        this.reopen_ = setTimeout(() => this.listen(), kRetryMax_ms);
      }
    };
  }
  private reopen_: ReturnType<typeof setTimeout> | undefined;

  private take(feed: Feed): void {
    const at = this.feeds.findIndex((known) => known.id === feed.id);
    if (at < 0) this.feeds = [...this.feeds, feed];
    else this.feeds = this.feeds.map((known) => (known.id === feed.id ? feed : known));
  }

  private place_of(feed: Feed): Place {
    const site = this.sites.find((candidate) => candidate.id === feed.site);
    return {
      feed,
      site,
      sector: this.sectors.find((candidate) => candidate.id === site?.sector)
    };
  }
}
