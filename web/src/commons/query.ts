// What is asked of the commons, as the page's address has it.

export interface Query {
  text: string;
  /** One value of each facet that is narrowed. */
  facets: Record<string, string>;
}

/** The facets that an address may name. */
export const facet_names = [
  'kind',
  'licence',
  'language',
  'sdg',
  'subject',
  'level',
  'place',
  'taxon',
  'institution',
  'age'
] as const;

export function asked_by(search: string): Query {
  const given = new URLSearchParams(search);
  const facets: Record<string, string> = {};
  for (const name of facet_names) {
    const value = given.get(name);
    if (value) facets[name] = value;
  }
  return { text: given.get('q') ?? '', facets };
}

export function address_of({ text, facets }: Query): string {
  const query = new URLSearchParams();
  if (text.trim()) query.set('q', text.trim());
  for (const name of facet_names) {
    const value = facets[name];
    if (value) query.set(name, value);
  }
  return query.toString();
}

/** Where a reader of feeds subscribes to a question (address_of). */
export function feed_address(kind: 'atom' | 'feed.json', question: string): string {
  return `/api/v1/works.${kind}${question ? `?${question}` : ''}`;
}
