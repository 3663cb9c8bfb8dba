/** A GraphQL answer as it came. */
export interface GraphQLAnswer {
  readonly data?: unknown;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Readonly<Record<string, unknown>> }[];
}

/** Where the gateway is now. It may be away for a while, and come back elsewhere. */
export class GatewayAddress {
  /** `http://…/graphql` */
  url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** The address of its WebSockets. */
  get wsUrl(): string {
    return this.url.replace(/^http/, 'ws');
  }

  /** Runs a document. Rejects where no whole answer comes within `timeoutMs`. */
  async query(
    document: string,
    variables: Readonly<Record<string, unknown>> = {},
    timeoutMs = 10_000,
  ): Promise<GraphQLAnswer> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: document, variables }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    return (await response.json()) as GraphQLAnswer;
  }

  /** Runs a document that must succeed, and answers its data. */
  async ask<T>(document: string, variables: Readonly<Record<string, unknown>> = {}): Promise<T> {
    const answer = await this.query(document, variables);
    if (answer.errors !== undefined || answer.data == null) throw new Error(JSON.stringify(answer));
    return answer.data as T;
  }
}
