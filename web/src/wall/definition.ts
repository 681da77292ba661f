// What a wall shows: from its name (arranged in the desk) or from the address.
import { ask, Problem, urls } from '../api/client';
import type { Wall } from '../api/types';

export const kRotateMin_s = 5;
export const kRotateMax_s = 3600;

/** Reads the address of an unnamed wall, e.g. /wall?feeds=a,b,c&layout=9&mode=rotate&rotate_s=20. */
export function wall_of_address(search: string): Wall {
  const query = new URLSearchParams(search);
  const list = (key: string) =>
    (query.get(key) ?? '')
      .split(',')
      .map((word) => word.trim())
      .filter(Boolean);
  const flag = (key: string) => !['0', 'false', 'no'].includes(query.get(key) ?? '');
  const rotate_s = Number(query.get('rotate_s') ?? 20);
  const title = query.get('title');
  const languages = list('lang');
  return {
    name: '',
    title: title ? { en: title } : {},
    feeds: list('feeds').slice(0, 64),
    layout: query.get('layout') ?? 'auto',
    mode: query.get('mode') === 'rotate' ? 'rotate' : 'grid',
    rotate_s: clamp_rotation(rotate_s),
    languages: languages.length ? languages.slice(0, 2) : ['en', 'zh'],
    clock: flag('clock'),
    captions: flag('captions'),
    logo: null,
    theme: query.get('theme') === 'day' ? 'day' : 'night'
  };
}

export function clamp_rotation(seconds: number): number {
  if (!Number.isFinite(seconds)) return 20;
  return Math.min(kRotateMax_s, Math.max(kRotateMin_s, seconds));
}

/** The name in /wall/{name}, or undefined for a wall of the address. */
export function wall_name(pathname: string): string | undefined {
  const name = /^\/wall\/([^/]+)\/?$/.exec(pathname)?.[1];
  try {
    return name === undefined ? undefined : decodeURIComponent(name);
  } catch {
    return name;
  }
}

/** `missing` when there is no such wall, undefined when nothing answered. */
export async function load_wall(name: string): Promise<Wall | 'missing' | undefined> {
  try {
    const wall = await ask<Wall>(urls.wall(name), { deadline_ms: 6000 });
    return { ...wall, rotate_s: clamp_rotation(wall.rotate_s) };
  } catch (error) {
    return error instanceof Problem && error.status === 404 ? 'missing' : undefined;
  }
}
