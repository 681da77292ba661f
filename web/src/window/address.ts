// What the address of the window says: /?feed=…&at=…

import { companions_text, parse_companions, type Companion } from './companions';

export interface Address {
  feed?: string | undefined;
  at_ms?: number | undefined;
  /** The pictures beside the large one. */
  beside?: Companion[] | undefined;
}

export function parse_address(search: string): Address {
  const query = new URLSearchParams(search);
  const at_ms = Date.parse(query.get('at') ?? '');
  const beside = parse_companions(query.get('with'));
  return {
    feed: query.get('feed') ?? undefined,
    at_ms: Number.isFinite(at_ms) ? at_ms : undefined,
    ...(beside.length > 0 ? { beside } : {})
  };
}

export function address_text(search: string, address: Address): string {
  const query = new URLSearchParams(search);
  if (address.feed) query.set('feed', address.feed);
  if (address.at_ms === undefined) query.delete('at');
  else query.set('at', new Date(address.at_ms).toISOString());
  if (address.beside?.length) query.set('with', companions_text(address.beside));
  else query.delete('with');
  // Colons may stand in a query as they are, and are easier to read so.
  return `?${query.toString().replace(/%3A/g, ':').replace(/%2C/g, ',')}`;
}

export const read_address = (): Address => parse_address(location.search);

/** A link to a moment of a place, to be given away. */
export const moment_link = (feed: string, at_ms: number): string =>
  `${location.origin}/m/${encodeURIComponent(feed)}/${new Date(at_ms).toISOString()}`;

export function write_address(address: Address, step = false): void {
  const text = address_text(location.search, address);
  if (text === location.search) return;
  history[step ? 'pushState' : 'replaceState'](null, '', text);
}
