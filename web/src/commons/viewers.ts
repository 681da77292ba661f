// The viewers that are loaded when a Work needs them, so that every page stays light.
import type { Component } from 'svelte';
import type { Work, WorkFile } from '../api/types';
import type { Viewer } from './files';

export type FileViewer = Component<{ work: Work; file: WorkFile }>;

export const lazy: Partial<Record<Viewer, () => Promise<{ default: FileViewer }>>> = {
  model: () => import('./ModelView.svelte'),
  book: () => import('./BookView.svelte') as Promise<{ default: FileViewer }>,
  map: () => import('./FileMap.svelte'),
  document: () => import('./DocumentView.svelte')
};

/** Of what has pages: courseware, lessons, exhibits. */
export const lesson_view = () => import('../lesson/LessonView.svelte');
