// What the program answers, as /api/openapi.json says it. Times are RFC 3339, UTC.

export type Localised = Record<string, string>;
export type FeedState = 'connecting' | 'live' | 'stalled' | 'failed' | 'paused';

export interface Track {
  kind: 'video' | 'audio';
  codec: string;
  width?: number | null;
  height?: number | null;
  sample_rate?: number | null;
  channels?: number | null;
}
export interface Rendition {
  name: 'main' | 'sub' | 'made';
  codecs: string;
  tracks: Track[];
  bitrate_bps: number;
}
export interface Feed {
  id: string;
  site: string | null;
  name: Localised;
  state: FeedState;
  reason: string;
  since: string;
  public: boolean;
  audio: boolean;
  licence: string | null;
  delay_s: number;
  renditions: Rendition[];
  last_part_at: string | null;
  first_recorded_at: string | null;
  last_good: { start: string; end: string } | null;
}
export interface Sector {
  id: string;
  name: Localised;
}
export interface Site {
  id: string;
  sector: string | null;
  name: Localised;
  latitude: number | null;
  longitude: number | null;
  elevation_m: number | null;
  time_zone: string | null;
}
export interface You {
  name: string;
  role: Role;
}
export type Role = 'viewer' | 'curator' | 'operator' | 'administrator';
export interface About {
  name: Localised;
  version: string;
  languages: string[];
  demo: boolean;
  now: string;
  tiles: string | null;
  you: You | null;
}
export interface Span {
  start: string;
  end: string;
  state: 'recorded' | 'missing';
  reason: string;
  thinned?: 'none' | 'key_frames' | 'minute_frames';
}
export interface Timeline {
  start: string;
  end: string;
  spans: Span[];
}
/** How far a time-lapse is. */
export interface Film {
  state: 'waiting' | 'working' | 'ready' | 'failed';
  progress: number;
  before: number;
  start: string;
  end: string;
  length_s: number;
  missing_ms: number;
  light: 'all' | 'day';
  url: string;
  bytes: number | null;
  why: string | null;
}
/** A day of the strip. */
export interface StripDay {
  at: string;
  sun_deg: number | null;
  /** Near the poles it stays below the height that was asked, or above. */
  sun: 'reached' | 'lower' | 'higher';
  recorded: boolean;
  reason: string;
  still: string | null;
}
export interface StripOfDays {
  by: 'sun' | 'time';
  items: StripDay[];
}
export type MomentState = 'recorded' | 'missing' | 'withheld' | 'deleted' | 'not_yet' | 'before';
/** What is known of a moment of a feed. */
export interface Moment {
  feed: string;
  at: string;
  state: MomentState;
  reason: string;
  /** The nearest moments that can be seen; of a recorded one itself. */
  earlier: string | null;
  later: string | null;
  title: Localised;
  site: Localised | null;
  sector: Localised | null;
  time_zone: string | null;
  node: Localised;
  latitude: number | null;
  longitude: number | null;
  licence: string;
  licence_url: string | null;
  address: string;
  cite: string;
}
/** One hour, day or month: what is recorded, and what is missing by reason. */
export interface Coverage {
  start: string;
  end: string;
  recorded_ms: number;
  missing_ms: Record<string, number>;
}
export interface Wall {
  name: string;
  title: Localised;
  feeds: string[];
  layout: string;
  mode: 'grid' | 'rotate';
  rotate_s: number;
  languages: string[];
  clock: boolean;
  captions: boolean;
  logo: string | null;
  theme: 'night' | 'day';
}
export interface TileHealth {
  feed: string;
  playing: boolean;
  behind_s: number | null;
  stalls: number;
}
export interface ScreenHealth {
  screen: string;
  tiles: TileHealth[];
  heap_mb: number | null;
  up_s: number;
}
export interface Screen extends ScreenHealth {
  wall: string;
  seen_at: string;
  address: string;
}
export interface Clock {
  source: 'arrival' | 'rtcp_sender_report' | 'camera';
  /** The camera's clock minus ours. */
  offset_ms: number;
  /** Bound of the error against UTC; null: not known. */
  error_ms: number | null;
}
export interface DeskFeed {
  feed: Feed;
  source: string;
  declared_in_file: boolean;
  record: boolean;
  /** What visitors get; `feed` says what this operator does. */
  public_audio: boolean;
  delay_s: number;
  licence: string;
  width: number | null;
  height: number | null;
  fps_declared: number | null;
  fps: number | null;
  /** How well the time is known; null while nothing is received. */
  clock: Clock | null;
  bitrate_bps: number | null;
  packets_lost: number;
  reconnects: number;
  last_frame_at: string | null;
  recorded_today_s: number | null;
  recorded_today_bytes: number | null;
  recorded_bytes: number | null;
}
export interface FeedDraft {
  id: string;
  name: Localised;
  site: string | null;
  source: string;
  sub_source: string | null;
  record: boolean;
  public: boolean;
  public_audio: boolean;
  delay_s: number;
  licence: string;
}
export interface SourceTest {
  tracks: Track[];
  picture: string | null;
}
export interface Volume {
  id: string;
  path: string;
  state: 'ok' | 'full' | 'failed' | 'missing' | 'readonly';
  free_bytes: number;
  total_bytes: number;
  used_bytes: number;
  message: string;
  draining: boolean;
  ready: boolean;
}
export interface Alarm {
  id: number;
  kind: string;
  subject: string;
  grade: 'warning' | 'critical';
  message: string;
  raised_at: string;
  times: number;
  until_acknowledged: boolean;
  cleared_at: string | null;
  acknowledged_at: string | null;
  acknowledged_by: string | null;
}
export interface Courier {
  name: string;
  waiting: number;
  delivered_at: string | null;
  failed_at: string | null;
  error: string;
}
export interface CourierTest {
  name: string;
  delivered: boolean;
  error: string;
}
export interface User {
  name: string;
  role: Role;
  disabled: boolean;
  made_at: string;
}
export interface Withheld {
  id: number | string;
  feed: string;
  start: string;
  end: string | null;
  reason: string;
  made_by: string;
}

export type HoldState = 'in_force' | 'lapsed' | 'released';
export interface Hold {
  id: number;
  feed: string | null;
  start: string;
  end: string;
  reason: string;
  made_by: string;
  made_at: string;
  until: string | null;
  released_by: string | null;
  released_at: string | null;
  state: HoldState;
}
/** What a person deleted. */
export interface Deletion {
  id: number;
  feed: string;
  start: string;
  end: string;
  reason: string;
  made_by: string;
  made_at: string;
  recordings: number;
  bytes: number;
}
/** What goes, or would go: whole recordings, which cover the span from start to end. */
export interface DeletionAnswer {
  recordings: number;
  bytes: number;
  start: string;
  end: string;
}
export interface RetentionRule {
  keep_days?: number | null;
  key_frames_after_days?: number | null;
  minute_frames_after_days?: number | null;
  feed_bytes_max?: number | null;
  total_bytes_max?: number | null;
  free_bytes_min?: number | null;
}
export interface ScopedRule {
  feed: string | null;
  rule: RetentionRule;
  declared: boolean;
}
export interface VolumeForecast {
  volume: string;
  total_bytes: number;
  reserve_bytes: number;
  used_bytes: number[];
  full_at: string | null;
}
export interface FeedForecast {
  feed: string;
  bytes: number;
  bytes_per_day: number;
  bytes_in_a_month: number;
  bytes_in_a_year: number;
  oldest_in_a_year: string | null;
}
export interface Forecast {
  now: string;
  volumes: VolumeForecast[];
  feeds: FeedForecast[];
  full_at: string | null;
}
export interface DryRun {
  plan: {
    deleted_recordings: number;
    deleted_bytes: number;
    thinned_recordings: number;
    held: { hold: number; recordings: number; bytes: number }[];
    unmet: { cause: string; subject: string; missing_bytes: number; by_holds: boolean }[];
    complete: boolean;
  };
  forecast: Forecast;
}

export type WorkKind =
  | 'clip'
  | 'still'
  | 'sound'
  | 'dataset'
  | 'courseware'
  | 'lesson'
  | 'exhibit'
  | 'travelling_exhibit'
  | 'object'
  | 'model'
  | 'image'
  | 'book'
  | 'holding'
  | 'talk'
  | 'broadcast'
  | 'news'
  | 'live_window'
  | 'game'
  | 'pack';
export type WorkState = 'draft' | 'in_review' | 'published' | 'withdrawn' | 'deleted';
export interface WorkFile {
  sha256: string;
  name: string;
  role: 'original' | 'preview' | 'caption' | 'page' | 'level_of_detail' | 'data';
  licence: string;
  language: string;
  about: Localised;
  bytes: number;
  type: string;
  /** Empty while it is withheld. */
  url: string;
  /** Of a copy with the credits inside; empty where the format has no place for them. */
  credits_url: string;
}
export interface Work {
  id: string;
  kind: WorkKind;
  title: Localised;
  about: Localised;
  languages: string[];
  makers: { party: string; name: string; role: string }[];
  stewards: string[];
  licence: string;
  credit: string;
  terms: string[];
  files: WorkFile[];
  parts: string[];
  derived_from: string[];
  identifiers: Record<string, string>;
  moment: { feed: string; start: string; end: string } | null;
  place: { latitude: number; longitude: number } | null;
  date: string;
  audience: { from: number; to: number } | null;
  version: number;
  state: WorkState;
  made_at: string;
  made_by: string;
  changed_at: string;
  changed_by: string;
  note: string;
  published_at: string | null;
  address: string;
  withheld: boolean;
  /** Of courseware, lessons and exhibits. */
  pages?: LessonPage[];
  minutes?: number | null;
}
export interface LessonPage {
  title?: Localised;
  blocks?: LessonBlock[];
}
export type BlockKind =
  'text' | 'picture' | 'sound' | 'film' | 'live' | 'chart' | 'question' | 'model';
/** The columns of a table that a chart draws. */
export interface LessonChart {
  x: string;
  y: string[];
  shape: 'line' | 'bar';
}
export interface LessonBlock {
  kind: BlockKind;
  /** Of a text and a question a small Markdown; else the caption. */
  text?: Localised;
  /** The Work it shows; empty where it shows none. */
  work?: string;
  feed?: string;
  chart?: LessonChart | null;
  answers?: { text?: Localised; right?: boolean }[];
  explanation?: Localised;
}
/** A Work named by another. */
export interface WorkLink {
  id: string;
  kind: WorkKind;
  title: Localised;
  address: string;
}
/** What a licence says, in plain words. */
export interface LicenceWords {
  may: string[];
  must: string[];
  must_not: string[];
}
/** What the page of a Work shows, by language where it is text. */
export interface WorkPage {
  work: Work;
  licence: { name: Localised; link: string; words: Record<string, LicenceWords> };
  credit: Localised;
  cite: string;
  makers: { name: Localised; role: string }[];
  stewards: { name: Localised; homepage: string }[];
  terms: { uri: string; scheme: string; label: Localised; notation: string }[];
  parts: WorkLink[];
  sources: WorkLink[];
  derived: WorkLink[];
  holders: WorkLink[];
}

/** What people write of a Work; a version is one of these. */
export type WorkContent = Pick<
  Work,
  | 'kind'
  | 'title'
  | 'about'
  | 'languages'
  | 'makers'
  | 'stewards'
  | 'licence'
  | 'credit'
  | 'terms'
  | 'parts'
  | 'derived_from'
  | 'identifiers'
  | 'moment'
  | 'place'
  | 'date'
  | 'audience'
> & { files: HeldFile[] };
export type HeldFile = Pick<
  WorkFile,
  'sha256' | 'name' | 'role' | 'licence' | 'language' | 'about'
>;
export type WorkVersion = WorkContent &
  Pick<Work, 'version' | 'state' | 'changed_at' | 'changed_by' | 'note'>;
export interface Licence {
  uri: string;
  name: Localised;
}
export interface Term {
  uri: string;
  scheme: 'licence' | 'sdg' | 'subject' | 'level' | 'taxon' | 'place';
  label: Localised;
  notation: string;
  broader: string;
}
export type PartyKind = 'institution' | 'department' | 'person' | 'group';
export interface PartyContent {
  kind: PartyKind;
  name: Localised;
  about: Localised;
  within: string;
  identifiers: Record<string, string>;
  homepage: string;
  country: string;
  languages: string[];
}
export interface Party extends PartyContent {
  id: string;
  version: number;
}
/** A file on the shelf. */
export interface ShelfFile {
  sha256: string;
  bytes: number;
  type: string;
}
export interface ImportReport {
  rows: number;
  faulty: number;
  faults: { line: number; message: string }[];
  passed_over: string[];
}
export interface ImportDone {
  id: string;
  made_by: string;
  made_at: string;
  works: number;
  undone_at: string | null;
}
