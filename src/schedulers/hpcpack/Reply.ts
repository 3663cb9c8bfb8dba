/** What a request to the head node came to. */
export type Reply =
  | {
      readonly kind: 'OK';
      /** The parsed JSON; null where there was no body. */
      readonly body: unknown;
      /** Where a list goes on; null: it is complete (`x-ms-continuation-queryId`). */
      readonly queryId: string | null;
      /** How many rows the whole list has; null where that was not told (`x-ms-row-count`). */
      readonly rowCount: number | null;
    }
  | Refusal
  | Unanswered;

/** The head node looked at the request and says no (4xx). */
export interface Refusal {
  readonly kind: 'REFUSED';
  readonly status: number;
  /** The HRESULT as a signed integer; null where the body has none. */
  readonly code: number | null;
  /** The scheduler's own text. */
  readonly message: string;
}

/** There is no answer by which anything can be decided. */
export interface Unanswered {
  readonly kind: 'UNANSWERED';
  readonly reason: 'CREDENTIALS' | 'UNREACHABLE' | 'SERVER_ERROR' | 'TIMEOUT' | 'BUSY' | 'ABORTED';
  /** NO: nothing of the request can have been done. MAYBE: the head node may have done it. */
  readonly delivered: 'NO' | 'MAYBE';
  /** Fit for clients: no credentials, no addresses. */
  readonly message: string;
  readonly retryAfterSeconds: number | null;
}
