import type { WorkKind } from '../../api/types';

export const kinds: WorkKind[] = [
  'clip',
  'still',
  'sound',
  'dataset',
  'courseware',
  'lesson',
  'exhibit',
  'travelling_exhibit',
  'object',
  'model',
  'image',
  'book',
  'holding',
  'talk',
  'broadcast',
  'news',
  'live_window',
  'game',
  'pack'
];

/** The kind that a file most probably is, by its type and name. */
export function kind_of(type: string, name: string): WorkKind {
  if (type.startsWith('image/')) return 'image';
  if (type.startsWith('video/')) return 'clip';
  if (type.startsWith('audio/')) return 'sound';
  if (type === 'model/gltf-binary' || /\.(gltf|glb)$/i.test(name)) return 'model';
  if (type === 'application/pdf' || type === 'application/epub+zip') return 'book';
  if (type.startsWith('text/') || type === 'application/json') return 'dataset';
  return 'pack';
}
