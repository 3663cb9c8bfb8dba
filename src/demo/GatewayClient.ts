import { type ExecutionResult } from 'graphql';
import { type Client, createClient } from 'graphql-ws';
import { DemoProblem } from './DemoProblem.js';
import { type TypedDocumentString } from './operations.generated.js';

/** How long an answer over HTTP may take, in milliseconds. */
const ANSWER_MS = 10_000;

type VariablesObject = Record<string, unknown>;

/** A gateway as a frontend sees it: queries and mutations over HTTP, subscriptions over one WebSocket. */
export class GatewayClient {
  /** `http://HOST:PORT/graphql` */
  readonly url: string;
  readonly #socket: Client;

  constructor(url: string) {
    this.url = url;
    this.#socket = createClient({ url: url.replace(/^http/, 'ws'), retryAttempts: 0 });
  }

  /** Runs a query or mutation. Rejects with a {@link DemoProblem} where there is no answer, or one with errors. */
  async request<Result, Variables extends VariablesObject>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    timeoutMs = ANSWER_MS,
  ): Promise<Result> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: document.toString(), variables }),
      signal: AbortSignal.timeout(timeoutMs),
    }).catch((error: unknown) => {
      throw new DemoProblem(`${this.url} does not answer: ${reasonOf(error)}`);
    });
    const answer: unknown = await response.json().catch(() => null);
    return dataOf(answer, `${this.url} answered with status ${response.status} and no GraphQL`) as Result;
  }

  /**
   * Subscribes. `next` gets each event; `failed` is called once where the subscription ends with errors or the WebSocket is lost.
   * Returns what ends it from this side.
   */
  subscribe<Result, Variables extends VariablesObject>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    next: (data: Result) => void,
    failed: (problem: DemoProblem) => void,
  ): () => void {
    const fail = (error: unknown): void => {
      failed(new DemoProblem(`the subscription to ${this.url} was lost: ${reasonOf(error)}`));
    };
    return this.#socket.subscribe(
      { query: document.toString(), variables },
      {
        next: (result) => {
          try {
            next(dataOf(result, `${this.url} sent an event without data`) as Result);
          } catch (error) {
            fail(error);
          }
        },
        error: fail,
        complete: () => undefined,
      },
    );
  }

  /** Ends all subscriptions and closes the WebSocket. */
  async close(): Promise<void> {
    await this.#socket.dispose();
  }
}

/** The data are what the document selects; that it fits the schema was checked when its types were generated. */
function dataOf(answer: unknown, otherwise: string): unknown {
  const { data, errors } = (answer ?? {}) as ExecutionResult;
  if (errors?.[0]) throw new DemoProblem(errors[0].message);
  if (data === undefined || data === null) throw new DemoProblem(otherwise);
  return data;
}

function reasonOf(error: unknown): string {
  if (Array.isArray(error)) return reasonOf(error[0]);
  if (typeof error !== 'object' || error === null) return String(error);
  if ('cause' in error && error.cause instanceof Error) return reasonOf(error.cause);
  const parts = ['code', 'reason', 'message'].map((key) =>
    key in error ? String(error[key as keyof typeof error]) : '',
  );
  return [...new Set(parts.filter((part) => part !== ''))].join(', ') || 'for no known reason';
}
