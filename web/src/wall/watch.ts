// The last resort of an unattended screen: loading the page again, and not in a circle.
import { store, stored } from '../base/storage';

const kReloaded = 'oriel.wall.reloaded';
/** One reload in five minutes at most: a fault that a reload does not cure must not flicker. */
export const kReloadPause_ms = 300_000;
/** Nothing moved for so long although the program answers. */
export const kHopeless_ms = 45_000;

export function may_reload(now_ms: number, last_ms: number): boolean {
  return !Number.isFinite(last_ms) || now_ms - last_ms > kReloadPause_ms || now_ms < last_ms;
}

/** Loads the page again if the program answers and the last time is long enough ago. */
export async function reload_guarded(): Promise<boolean> {
  const now_ms = Date.now();
  if (!may_reload(now_ms, Number(stored(kReloaded) ?? Number.NaN))) return false;
  const answer = await fetch('/healthz', {
    cache: 'no-store',
    signal: AbortSignal.timeout(4000)
  }).catch(() => undefined);
  if (!answer?.ok) return false;
  store(kReloaded, String(now_ms));
  location.reload();
  return true;
}
