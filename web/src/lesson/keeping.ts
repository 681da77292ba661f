/** Under which name a screen remembers when it last kept a feed's picture. */
export const kept_still_key = (feed: string) => `oriel.exhibit.still.${feed}`;
