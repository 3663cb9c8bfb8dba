import { z } from 'zod';
import { type RequestParameters } from '../requestParameters.js';

/** Where a subscription's results are to be sent, as its client asked for. */
export interface CallbackTarget {
  readonly url: URL;
  /** The client's name of the subscription. */
  readonly id: string;
  /** By which the client knows our messages. Secret. */
  readonly verifier: string;
  /** Within which time the client wants to hear that the subscription lives, in milliseconds; 0: never. */
  readonly heartbeatMs: number;
}

/** What the extension came to. `message`: what is wrong with it, and what is allowed. */
export type ReadTarget =
  { readonly ok: true; readonly target: CallbackTarget } | { readonly ok: false; readonly message: string };

/** Where the client names no time (as Apollo Server has it), and the bounds of what it may name, in milliseconds. */
const HEARTBEAT_MS = 5_000;
const LEAST_HEARTBEAT_MS = 100;
const MOST_HEARTBEAT_MS = 3_600_000;

const EXTENSION = z.object({
  callbackUrl: z
    .string()
    .max(2_048)
    .transform((text) => URL.parse(text))
    .refine((url) => url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '', {
      error: 'an http or https URL without credentials is needed',
    }),
  subscriptionId: z.string().min(1).max(256),
  verifier: z.string().max(4_096),
  heartbeatIntervalMs: z
    .number()
    .refine((ms) => ms === 0 || (ms >= LEAST_HEARTBEAT_MS && ms <= MOST_HEARTBEAT_MS), {
      error: `0, or ${LEAST_HEARTBEAT_MS} to ${MOST_HEARTBEAT_MS} milliseconds are allowed`,
    })
    .default(HEARTBEAT_MS),
});

/**
 * The `subscription` extension of Apollo's HTTP callback protocol.
 *
 * @returns null where the request has none
 */
export function callbackTarget({ extensions }: RequestParameters): ReadTarget | null {
  const extension = extensions?.['subscription'];
  if (extension === undefined) return null;
  const { success, data, error } = EXTENSION.safeParse(extension);
  if (!success) {
    const [issue] = error.issues;
    const where = ['extensions.subscription', ...(issue?.path ?? [])].join('.');
    return { ok: false, message: `${where}: ${issue?.message ?? 'malformed'}` };
  }
  const { callbackUrl, subscriptionId, verifier, heartbeatIntervalMs } = data;
  if (callbackUrl === null) throw new Error('a URL that is none was taken for one');
  return { ok: true, target: { url: callbackUrl, id: subscriptionId, verifier, heartbeatMs: heartbeatIntervalMs } };
}
