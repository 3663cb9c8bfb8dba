/** How the service user proves who it is. */
export type Credentials =
  | { readonly kind: 'BASIC'; readonly user: string; readonly password: string }
  /** An Azure AD token. */
  | { readonly kind: 'BEARER'; readonly token: string };

/** Where the head node is and how it is spoken to. */
export interface HpcPackSettings {
  /** `https://headnode`, without `/hpc`. */
  readonly url: string;
  /** Asked before each request, so that a changed password is taken up. */
  readonly credentials: () => Credentials;
  /** The certificates, in PEM, that vouch for the head node's; null: those that Node.js trusts. Verification is never switched off. */
  readonly ca: string | null;
  /**
   * The Windows domain of viewers: what `alice` does is done as `DOMAIN\alice` (`x-ms-as-user`), for which the service user must be an
   * administrator or a job administrator. Null: everything is done as the service user.
   */
  readonly domain: string | null;
  /** TaskCancelGracePeriod, which the REST API does not tell, in seconds. */
  readonly gracePeriodSeconds: number;
  /** The most requests in any minute. */
  readonly requestsPerMinute: number;
  /** Whether push events are used; without, all is read. */
  readonly push: boolean;
  /** How often a job is read around a cancel and other commands, in seconds. */
  readonly fastPollSeconds: number;
  /** The most requests at a time, of reads and of commands each. */
  readonly concurrency: number;
}
