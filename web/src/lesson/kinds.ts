import type { WorkKind } from '../api/types';

/** What stands on a screen in a hall, at /exhibit/{id}. */
export const is_exhibit = (kind: WorkKind) => kind === 'exhibit' || kind === 'travelling_exhibit';
