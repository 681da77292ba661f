import type { Place } from '../base/places.svelte';
import { sun_altitude_deg } from '../sky/sun';

/** The place a visitor sees first: live, and in daylight where there is any. */
export function first_place(places: readonly Place[], now_ms: number): Place | undefined {
  const live = places.filter((place) => place.feed.state === 'live');
  const lit = live.find(({ site }) => {
    if (typeof site?.latitude !== 'number' || typeof site.longitude !== 'number') return false;
    return sun_altitude_deg(now_ms, site.latitude, site.longitude) > 0;
  });
  return lit ?? live[0] ?? places[0];
}
