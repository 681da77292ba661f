// Who is at the desk, and what everybody at it needs to know.
import { ask, Problem } from '../api/client';
import type { Role, You } from '../api/types';
import { t } from '../i18n/i18n.svelte';

const kRank: Record<Role, number> = { viewer: 0, curator: 1, operator: 2, administrator: 3 };

export const kPasswordMin = 12;

class Session {
  /** undefined until asked, null when nobody is logged in. */
  you = $state<You | null>();
  unreachable = $state(false);

  /** That role, or one above it. */
  is(least: Role): boolean {
    return this.you ? kRank[this.you.role] >= kRank[least] : false;
  }
  get administers(): boolean {
    return this.you?.role === 'administrator';
  }

  async look(): Promise<void> {
    try {
      this.you = await ask<You>('/api/v1/me');
      this.unreachable = false;
    } catch (error) {
      if (error instanceof Problem && error.status !== 0 && error.status < 500) {
        this.you = null;
        this.unreachable = false;
      } else {
        this.unreachable = true;
      }
    }
  }

  async log_in(name: string, password: string): Promise<void> {
    this.you = await ask<You>('/api/v1/login', { method: 'POST', body: { name, password } });
  }

  async log_out(): Promise<void> {
    await ask('/api/v1/logout', { method: 'POST' }).catch(() => undefined);
    this.you = null;
  }
}

export const session = new Session();

/** A problem in words for the person at the desk; a session that ended leads back to the login. */
export function words_of(error: unknown): string {
  if (error instanceof Problem) {
    if (error.status === 0) return t('desk.unreachable');
    if (error.status === 401) session.you = null;
    return error.message;
  }
  return String(error);
}
