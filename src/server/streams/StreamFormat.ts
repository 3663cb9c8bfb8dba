import { type GraphQLFormattedError } from 'graphql';

/** One result of an operation. */
export interface StreamedResult {
  /** As JSON. */
  readonly text: string;
  /** From where a reader goes on that was told it; null: from where it would have before. */
  readonly cursor: string | null;
}

/** How results are written into the body of an HTTP response that stays open. */
export interface StreamFormat {
  readonly contentType: string;
  /** What comes first. `cursor`: from where a reader goes on that is told no more than this. */
  begin(cursor: string | null): string;
  results(results: readonly StreamedResult[]): string;
  /** Shows the client and whatever lies between that the stream lives. */
  readonly keepAlive: string;
  /** What comes last, where there is no more to be told. */
  readonly complete: string;
  /** What comes last, where the operation failed. */
  fail(errors: readonly GraphQLFormattedError[]): string;
  /**
   * Whether a body that is broken off tells the client to come back. Where it does not, the client is told of a server that goes away by
   * {@link StreamFormat.fail}.
   */
  readonly resumesWhenCut: boolean;
}
