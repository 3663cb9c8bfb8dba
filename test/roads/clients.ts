import { setTimeout } from 'node:timers/promises';
import { ApolloClient, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { cacheExchange, createClient as createUrqlClient, fetchExchange, type OperationResult } from '@urql/core';
import { EventSource } from 'eventsource';
import { createClient as createSseClient } from 'graphql-sse';
import { createClient as createWsClient } from 'graphql-ws';
import { WebSocket } from 'ws';

/** Where a client finds the gateway. */
export interface Address {
  readonly url: string;
  readonly wsUrl: string;
}

/** What a client watches. */
export interface Wanted {
  readonly jobId: string;
  /** From where on. */
  readonly after: string;
  /** Takes the cursor and state of each change. */
  readonly onChange: (change: WatchedChange) => void;
}

/** A change as the clients ask for it. */
export interface WatchedChange {
  readonly cursor: string;
  readonly state: string;
}

/** Watches, and goes on after a broken connection as the client's users would have it do, until it is left. */
export type Watch = (address: Address, wanted: Wanted) => () => void;

const SUBSCRIPTION = `subscription ($jobId: ID!, $after: Cursor) {
  taskStateChanged(jobId: $jobId, after: $after) { cursor state }
}`;

interface Data {
  readonly taskStateChanged: WatchedChange;
}

/** One subscription: from `after` on until it breaks, which `onBreak` is told. */
type Subscribe = (after: string, onChange: (change: WatchedChange) => void, onBreak: () => void) => () => void;

/** How long it waits before it subscribes again, in milliseconds. */
const PAUSE_MS = 20;

/** Subscribes again from the last cursor whenever a subscription breaks. */
function resuming({ after, onChange }: Wanted, subscribe: Subscribe): () => void {
  let isLeft = false;
  let pause: AbortController | null = null;
  let last = after;
  let leave = (): void => undefined;
  const run = (): void => {
    let isBroken = false;
    leave = subscribe(
      last,
      (change) => {
        last = change.cursor;
        onChange(change);
      },
      () => {
        if (isLeft || isBroken) return;
        isBroken = true;
        pause = new AbortController();
        void setTimeout(PAUSE_MS, null, pause).then(run, () => undefined);
      },
    );
  };
  run();
  return () => {
    isLeft = true;
    pause?.abort();
    leave();
  };
}

function apollo(link: HttpLink | GraphQLWsLink, wanted: Wanted): () => void {
  const client = new ApolloClient({ link, cache: new InMemoryCache() });
  return resuming(wanted, (after, onChange, onBreak) => {
    const subscription = client
      .subscribe<Data>({ query: gql(SUBSCRIPTION), variables: { jobId: wanted.jobId, after }, fetchPolicy: 'no-cache' })
      .subscribe({
        next: ({ data, error }) => {
          if (error === undefined && data != null) onChange(data.taskStateChanged);
          else onBreak();
        },
        error: onBreak,
        complete: onBreak,
      });
    return () => subscription.unsubscribe();
  });
}

/** Each client by its name. */
export const CLIENTS: Readonly<Record<string, Watch>> = {
  'Apollo Client over WebSocket': ({ wsUrl }, wanted) => {
    const client = createWsClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
    const leave = apollo(new GraphQLWsLink(client), wanted);
    return () => {
      leave();
      void client.dispose();
    };
  },

  'Apollo Client over multipart': ({ url }, wanted) => apollo(new HttpLink({ uri: url }), wanted),

  'urql over server-sent events': ({ url }, wanted) => {
    const client = createUrqlClient({
      url,
      exchanges: [cacheExchange, fetchExchange],
      fetchSubscriptions: true,
      preferGetMethod: false,
    });
    return resuming(wanted, (after, onChange, onBreak) => {
      const subscription = client
        .subscription<Data>(SUBSCRIPTION, { jobId: wanted.jobId, after })
        .subscribe(({ data, error, hasNext }: OperationResult<Data>) => {
          if (error === undefined && data !== undefined && hasNext) onChange(data.taskStateChanged);
          else onBreak();
        });
      return () => subscription.unsubscribe();
    });
  },

  /** It tries again by itself, with the same body: the last cursor goes with it as a header. */
  'graphql-sse': ({ url }, { jobId, after, onChange }) => {
    let last = after;
    const client = createSseClient({
      url,
      headers: () => ({ 'last-event-id': last }),
      retryAttempts: 1_000,
      retry: () => setTimeout(PAUSE_MS),
    });
    client.subscribe<Data>(
      { query: SUBSCRIPTION, variables: { jobId } },
      {
        next: ({ data }) => {
          if (data == null) return;
          last = data.taskStateChanged.cursor;
          onChange(data.taskStateChanged);
        },
        error: () => undefined,
        complete: () => undefined,
      },
    );
    return () => client.dispose();
  },

  EventSource: ({ url }, { jobId, after, onChange }) => {
    const withQuery = new URL(url);
    withQuery.searchParams.set('query', SUBSCRIPTION);
    withQuery.searchParams.set('variables', JSON.stringify({ jobId, after }));
    const source = new EventSource(withQuery);
    source.addEventListener('next', ({ data }) => {
      onChange((JSON.parse(data as string) as { readonly data: Data }).data.taskStateChanged);
    });
    return () => source.close();
  },
};
