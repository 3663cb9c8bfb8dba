import { createHash } from 'node:crypto';
import { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';
import { isRecord, type RequestParameters } from './requestParameters.js';

/** The text of an operation, or why there is none. `keep` lets the next request name it by its hash alone, where this one asked for that. */
export type FoundQuery =
  | { readonly ok: true; readonly query: string; readonly keep: () => void }
  | { readonly ok: false; readonly error: GraphQLError };

/** How Apollo Server names what it keeps here. */
const PREFIX = 'apq:';

/**
 * Automatic persisted queries, as Apollo's clients speak of them: an operation that was asked for once, with its SHA-256, is asked for by that
 * alone from then on. Bounded: the least recently used are forgotten, and a client that is answered PERSISTED_QUERY_NOT_FOUND sends the text anew.
 */
export class PersistedQueries {
  readonly #texts: LRUCache<string, string>;

  /** @param characters - how much text is kept altogether */
  constructor(characters: number) {
    this.#texts = new LRUCache({
      maxSize: characters,
      maxEntrySize: characters / 8,
      sizeCalculation: ({ length }) => length + 1,
    });
  }

  /** The same, as Apollo Server uses it. */
  readonly cache = {
    get: (key: string): Promise<string | undefined> => Promise.resolve(this.#texts.get(key)),
    set: (key: string, text: string): Promise<void> => {
      this.#texts.set(key, text);
      return Promise.resolve();
    },
    delete: (key: string): Promise<boolean> => Promise.resolve(this.#texts.delete(key)),
  };

  /** The text that a request gives or names; null where it does neither. */
  find({ query, extensions }: RequestParameters): FoundQuery | null {
    const persisted = extensions?.['persistedQuery'];
    if (persisted === undefined) return query === null ? null : { ok: true, query, keep: nothing };
    const hash = isRecord(persisted) && persisted['version'] === 1 ? persisted['sha256Hash'] : null;
    if (typeof hash !== 'string')
      return refused('Persisted queries are served in version 1, by their sha256Hash.', 'BAD_REQUEST');
    const key = PREFIX + hash;
    const known = this.#texts.get(key);
    if (query === null) {
      if (known === undefined) return refused('PersistedQueryNotFound', 'PERSISTED_QUERY_NOT_FOUND');
      return { ok: true, query: known, keep: nothing };
    }
    if (query === known) return { ok: true, query, keep: nothing };
    if (createHash('sha256').update(query).digest('hex') !== hash)
      return refused('The sha256Hash of the persisted query is not that of its text.', 'BAD_REQUEST');
    return { ok: true, query, keep: () => void this.#texts.set(key, query) };
  }
}

function refused(message: string, code: string): FoundQuery {
  return { ok: false, error: new GraphQLError(message, { extensions: { code } }) };
}

function nothing(): void {
  // It is kept already, or was not to be.
}
