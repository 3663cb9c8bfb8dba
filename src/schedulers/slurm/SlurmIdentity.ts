import { readFile } from 'node:fs/promises';
import { SignJWT } from 'jose';
import { type Clock } from '../../domain/Clock.js';

/** How long a token that is made here is valid, and how long before its end another is made, in seconds. */
const TOKEN_SECONDS = 600;
const RENEW_SECONDS = 120;

/** How many users' tokens are kept. */
const MAX_TOKENS = 10_000;

/** Says to slurmrestd who asks. */
export interface SlurmIdentity {
  /** The headers with which a call is the user's own. */
  headersFor(user: string): Promise<Readonly<Record<string, string>>>;
  /** A token of the user's own, for Slurm's commands; null where there is none. */
  tokenFor(user: string): Promise<string | null>;
}

/**
 * Makes a token for each user with the cluster's own key (`AuthAltParameters=jwt_key=…`): a JWT by HS256 with the claim `sun`. Whoever asks is
 * himself for Slurm, and never more.
 */
export class MintedIdentity implements SlurmIdentity {
  readonly #key: Uint8Array;
  readonly #clock: Clock;
  readonly #tokens = new Map<string, { readonly token: Promise<string>; readonly renewAt: number }>();

  constructor(key: Uint8Array, clock: Clock) {
    this.#key = key;
    this.#clock = clock;
  }

  /** Reads the key. Rejects where the file cannot be read or is empty. */
  static async fromFile(path: string, clock: Clock): Promise<MintedIdentity> {
    const key = await readFile(path);
    if (key.length === 0) throw new Error(`${path} is empty`);
    return new MintedIdentity(key, clock);
  }

  async headersFor(user: string): Promise<Readonly<Record<string, string>>> {
    return headers(user, await this.tokenFor(user));
  }

  tokenFor(user: string): Promise<string> {
    const now = this.#clock.now();
    const held = this.#tokens.get(user);
    if (held !== undefined && held.renewAt > now) return held.token;
    if (this.#tokens.size >= MAX_TOKENS) this.#tokens.clear();
    const seconds = Math.floor(now / 1_000);
    const token = new SignJWT({ sun: user })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + TOKEN_SECONDS)
      .sign(this.#key);
    this.#tokens.set(user, { token, renewAt: now + (TOKEN_SECONDS - RENEW_SECONDS) * 1_000 });
    return token;
  }
}

/**
 * One token for all calls, with the name of whoever asks. Slurm lets the token of root or of SlurmUser act for others by their name, and refuses
 * every other name than the token's own to all else: nobody gets more than he has.
 */
export class ServiceIdentity implements SlurmIdentity {
  readonly #user: string;
  readonly #token: () => string;

  /**
   * @param user - whose token it is
   * @param token - the token now: one that ends is followed by another
   */
  constructor(user: string, token: () => string) {
    this.#user = user;
    this.#token = token;
  }

  headersFor(user: string): Promise<Readonly<Record<string, string>>> {
    return Promise.resolve(headers(user, this.#token()));
  }

  tokenFor(user: string): Promise<string | null> {
    return Promise.resolve(user === this.#user ? this.#token() : null);
  }
}

function headers(user: string, token: string): Readonly<Record<string, string>> {
  return { 'x-slurm-user-name': user, 'x-slurm-user-token': token };
}
