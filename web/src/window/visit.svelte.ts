// What a visitor looks at: which place, which moment of it, and how that is played.
import type { Place, Places } from '../base/places.svelte';
import type { LiveHub } from '../live/hub';
import type { PastState } from '../live/past';
import type { PlayerStatus } from '../live/player';
import { day_start_ms, kDay_ms, type Zone } from '../base/format';
import { store, stored } from '../base/storage';
import { i18n, named, t } from '../i18n/i18n.svelte';
import { ask, urls } from '../api/client';
import type { Moment } from '../api/types';
import { read_address, write_address } from './address';
import { kCompanionsMax, year_before, type Companion } from './companions';
import { first_place } from './first_place';

/** A camera that hiccups is given a moment before the page gives its picture up. */
const kPatience_ms = 12_000;
/** Nearer to now than this there is nothing recorded to seek to. */
const kPresent_ms = 4000;
const kLook_ms = 500;
const kStoredFeed = 'oriel.place';

/** A moment a year ago: looked for, or not recorded. */
export interface Offer {
  /** The moment it was asked at. */
  at_ms: number;
  then_ms: number;
  moment?: Moment;
}

export class Visit {
  now_ms = $state(Date.now());
  /** Where the past begins to play; undefined is live. */
  past_ms = $state<number>();
  past_state = $state<PastState>('loading');
  paused = $state(false);
  rate = $state(1);
  sound = $state(false);
  /** The first instant of the day on the bar; undefined is the last 24 hours. */
  day_ms = $state<number>();
  hours = $state(24);
  status = $state.raw<PlayerStatus>();
  behind_s = $state<number>();
  /** How often the last good hour of a place that is away was begun. */
  replay_round = $state(0);
  /** The moment that the player of the past shows. */
  shown_ms = $state<number>();
  /** The pictures beside the large one. */
  beside = $state.raw<Companion[]>([]);
  /** What is known of this view a year ago while it cannot be shown. */
  offer = $state.raw<Offer>();
  /** What who listens to the page is told. */
  said = $state('');
  private wanted_ = $state<string>();

  place: Place | undefined = $derived.by(
    () => this.places_.find(this.wanted_) ?? first_place(this.places_.order, this.now_ms)
  );
  feed = $derived(this.place?.feed);
  name = $derived(this.feed ? named(this.feed.name) || this.feed.id : '');
  group = $derived.by(() => this.places_.group_of(this.feed?.id));
  zone: Zone = $derived({ locale: i18n.code, time_zone: this.place?.site?.time_zone });
  away: boolean = $derived.by(() => {
    if (!this.feed || this.feed.state === 'live') return false;
    if (this.feed.state === 'failed' || this.feed.state === 'paused') return true;
    return this.now_ms - Date.parse(this.feed.since) > kPatience_ms;
  });
  good = $derived(this.feed?.last_good);
  view: 'past' | 'replay' | 'away' | 'live' = $derived.by(() => {
    if (this.past_ms !== undefined) return 'past';
    if (!this.away) return 'live';
    return this.good ? 'replay' : 'away';
  });
  /** The moment in the picture. */
  moment_ms: number = $derived.by(() => {
    if (this.view === 'past') return this.shown_ms ?? this.past_ms!;
    if (this.view === 'replay') return this.shown_ms ?? Date.parse(this.good!.start);
    return this.now_ms - (this.behind_s ?? 1) * 1000;
  });
  picture = $derived(
    this.view === 'past' || this.view === 'replay'
      ? this.past_state
      : (this.status?.picture ?? 'waiting')
  );
  audible = $derived(this.feed?.audio === true);

  private hub_: LiveHub;
  private shown_at_ = 0;
  private places_: Places;

  constructor(hub: LiveHub, places: Places) {
    this.hub_ = hub;
    this.places_ = places;
    const address = read_address();
    this.wanted_ = address.feed ?? stored(kStoredFeed);
    this.past_ms = address.at_ms;
    this.beside = address.beside ?? [];
  }

  /** Lets time go on; returns how to stop. */
  open(): () => void {
    const timer = setInterval(() => {
      this.now_ms = this.hub_.clock.now_ms();
      const behind_ms = this.status?.behind_ms;
      this.behind_s = behind_ms === undefined ? undefined : Math.max(0, behind_ms / 1000);
    }, kLook_ms);
    return () => clearInterval(timer);
  }

  /** Shows what the address says, after a step back in the browser. */
  follow_address(): void {
    const next = read_address();
    this.wanted_ = next.feed ?? this.wanted_;
    this.past_ms = next.at_ms;
    this.beside = next.beside ?? [];
  }

  choose(id: string): void {
    if (id === this.feed?.id) return;
    // The same moment at another place: what was chosen in time stays chosen.
    this.past_ms = this.view === 'past' ? this.moment_ms : undefined;
    this.beside = this.beside.filter(({ feed, back_ms }) => feed !== id && back_ms === 0);
    this.offer = undefined;
    write_address({ feed: id, at_ms: this.past_ms, beside: this.beside }, true);
    this.wanted_ = id;
    this.shown_ms = undefined;
    this.status = undefined;
    this.behind_s = undefined;
    this.sound = false;
    store(kStoredFeed, id);
    this.said = t('window.chosen', { place: named(this.places_.find(id)?.feed.name) || id });
  }

  /** The moment in the large picture by this computer's own running on, between two reports. */
  exact_ms(): number | undefined {
    if (this.view === 'live' || this.view === 'away') {
      const behind_ms = this.status?.behind_ms;
      return behind_ms === undefined ? undefined : this.hub_.clock.now_ms() - behind_ms;
    }
    if (this.shown_ms === undefined) return undefined;
    const runs = this.past_state === 'playing' && !this.paused;
    return this.shown_ms + (runs ? (performance.now() - this.shown_at_) * this.rate : 0);
  }

  /** What the player of the past shows. */
  past_shows(at_ms: number): void {
    this.shown_ms = at_ms;
    this.shown_at_ = performance.now();
  }

  toggle_beside(feed: string): void {
    const there = this.beside.some((each) => each.feed === feed && each.back_ms === 0);
    if (there) this.beside = this.beside.filter((each) => each.feed !== feed || each.back_ms !== 0);
    else if (this.beside.length < kCompanionsMax && feed !== this.feed?.id)
      this.beside = [...this.beside, { feed, back_ms: 0 }];
  }

  remove_beside(companion: Companion): void {
    this.beside = this.beside.filter((each) => each !== companion);
  }

  alone(): void {
    this.beside = [];
    this.offer = undefined;
  }

  /** This view a year ago beside it, or what there is instead; away again when it is there. */
  async toggle_year(): Promise<void> {
    const feed = this.feed?.id;
    if (!feed) return;
    this.offer = undefined;
    const earlier = this.beside.filter((each) => each.feed === feed && each.back_ms !== 0);
    if (earlier.length > 0) {
      this.beside = this.beside.filter((each) => !earlier.includes(each));
      return;
    }
    const at_ms = this.moment_ms;
    const then_ms = year_before(at_ms, this.zone.time_zone);
    this.offer = { then_ms, at_ms };
    try {
      const moment = await ask<Moment>(urls.moment(feed, then_ms));
      if (this.feed?.id !== feed || this.offer?.then_ms !== then_ms) return;
      if (moment.state === 'recorded') this.show_earlier(at_ms - then_ms);
      else this.offer = { then_ms, at_ms, moment };
    } catch {
      this.offer = undefined;
      this.said = t('past.failed');
    }
  }

  show_earlier(back_ms: number): void {
    const feed = this.feed?.id;
    this.offer = undefined;
    if (feed) this.beside = [...this.beside.slice(0, kCompanionsMax - 1), { feed, back_ms }];
  }

  step(by: number): void {
    const order = this.places_.order;
    const at = order.findIndex((candidate) => candidate.feed.id === this.feed?.id);
    const next = order[(at + by + order.length) % order.length];
    if (next) this.choose(next.feed.id);
  }

  choose_sector(index: number): void {
    const found = this.places_.groups.find((candidate) => candidate.index === index);
    const live = found?.places.find((p) => p.feed.state === 'live') ?? found?.places[0];
    if (live) this.choose(live.feed.id);
  }

  step_sector(by: number): void {
    const groups = this.places_.groups;
    const at = groups.findIndex((candidate) => candidate === this.group);
    const next = groups[(at + by + groups.length) % groups.length];
    if (next) this.choose_sector(next.index);
  }

  seek(at_ms: number): void {
    this.past_ms = Math.round(at_ms);
    this.past_shows(this.past_ms);
    this.paused = false;
    this.past_state = 'loading';
  }

  go_live(): void {
    this.past_ms = undefined;
    this.shown_ms = undefined;
    this.day_ms = undefined;
    this.paused = false;
    this.rate = 1;
  }

  skip(seconds: number): void {
    const at_ms = this.moment_ms + seconds * 1000;
    if (at_ms > this.now_ms - kPresent_ms) this.go_live();
    else this.seek(at_ms);
  }

  set_day(start_ms: number | undefined): void {
    this.day_ms = start_ms;
    if (start_ms === undefined) return;
    this.hours = 24;
    const time_zone = this.zone.time_zone;
    const today_ms = day_start_ms(this.now_ms, time_zone);
    // The same hour of that day, so that the light can be compared; today's future is now.
    const hour_ms = this.moment_ms - day_start_ms(this.moment_ms, time_zone);
    const at_ms = start_ms + hour_ms;
    if (start_ms === today_ms && at_ms > this.now_ms - kPresent_ms) this.go_live();
    else this.seek(at_ms);
  }

  /** A day back or on; on from today is the last 24 hours. */
  move_day(by: number): void {
    if (by > 0 && this.day_ms !== undefined && this.day_ms + kDay_ms * 1.5 > this.now_ms) {
      this.set_day(undefined);
      return;
    }
    const time_zone = this.zone.time_zone;
    const from_ms = this.day_ms ?? day_start_ms(this.moment_ms, time_zone);
    this.set_day(day_start_ms(from_ms + by * kDay_ms + kDay_ms / 2, time_zone));
  }

  /** What the player of the past tells. */
  past_moved(next: PastState): void {
    this.past_state = next;
    if (next !== 'ended') return;
    if (this.view === 'past') this.go_live();
    else if (this.view === 'replay') this.replay_round++;
  }
}
