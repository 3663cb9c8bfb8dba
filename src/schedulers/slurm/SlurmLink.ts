import { type Clock } from '../../domain/Clock.js';
import { CallGate } from './CallGate.js';
import { type JobCounters, readCounters } from './diagnostics.js';
import { readReply, type SlurmReply } from './readReply.js';
import { chooseVersion, parseRelease, printRelease, readServed, REST_VERSIONS } from './restVersions.js';
import { readDiagnostics, type SlurmCall, SlurmCodec } from './SlurmCodec.js';
import { SlurmHttp } from './SlurmHttp.js';
import { type SlurmIdentity } from './SlurmIdentity.js';
import { isRecord } from './slurmValues.js';

/** How slurmrestd is reached and as whom. */
export interface SlurmLinkOptions {
  readonly url: string;
  /** How many connections commands and reads may take together. */
  readonly connections: number;
  readonly identity: SlurmIdentity;
  /** As whom the gateway itself asks. */
  readonly serviceUser: string;
  readonly clock: Clock;
  /** How long after slurmctld told its counters it is asked for them again, in milliseconds. */
  readonly beatMs: () => number;
}

/** Whether Slurm answers. `message` is fit for clients. */
export type LinkStatus =
  { readonly isUp: true; readonly codec: SlurmCodec } | { readonly isUp: false; readonly message: string };

/** Who is told of the link. Neither may throw. */
export interface LinkListener {
  /** The status changed; or is the first. */
  onStatus(status: LinkStatus): void;
  /** slurmctld answered with its counters. */
  onBeat(counters: JobCounters): void;
}

/** How long slurmctld may take for its counters, which it has at hand, before it counts as down, in milliseconds. */
const BEAT_TIMEOUT_MS = 3_000;

/** How long one look at a Slurm that was down may take, in milliseconds: slurmrestd itself waits for slurmctld that long, and so finds it back at once. */
const PROBE_TIMEOUT_MS = 70_000;

/** How long after a look that failed at once the next comes, in milliseconds. */
const RETRY_MS = 250;

/** slurmrestd that says "not reached" this soon, in milliseconds, was refused: where slurmctld does not answer it takes half a minute. */
const SOON_MS = 2_000;

/**
 * The connection to one slurmrestd, and whether slurmctld behind it answers. While it does not, one probe is under way and every other call is
 * refused at once. The version is negotiated at the start and whenever Slurm comes back.
 */
export class SlurmLink {
  readonly #options: SlurmLinkOptions;
  readonly #http: SlurmHttp;
  /** Apart, so that calls that hang cannot keep the beat from being heard. */
  readonly #probes: SlurmHttp;
  readonly #gate: CallGate;
  readonly #closing = new AbortController();
  #status: LinkStatus = { isUp: false, message: 'Slurm has not answered yet' };
  #running: Promise<void> | null = null;
  #lastContactAt: number | null = null;
  #wakeBeat: (() => void) | null = null;

  constructor(options: SlurmLinkOptions) {
    this.#options = options;
    this.#http = new SlurmHttp({ url: options.url, connections: options.connections });
    this.#probes = new SlurmHttp({ url: options.url, connections: 1 });
    this.#gate = new CallGate(options.connections);
    this.#gate.shut(this.#status.isUp ? '' : this.#status.message);
  }

  /** The status now. */
  get status(): LinkStatus {
    return this.#status;
  }

  /** When Slurm last answered, in epoch milliseconds. */
  get lastContactAt(): number | null {
    return this.#lastContactAt;
  }

  /** Begins to connect, and tells the listener from now on. */
  start(listener: LinkListener): void {
    this.#running ??= this.#run(listener);
  }

  /** Asks for the counters now, unless that is under way. */
  hurry(): void {
    if (this.#status.isUp) this.#wakeBeat?.();
  }

  /** Makes a call as this user, when its turn comes; refused at once while Slurm does not answer. */
  async call(user: string, write: (codec: SlurmCodec) => SlurmCall, timeoutMs: number): Promise<SlurmReply> {
    const headers = await this.#options.identity.headersFor(user);
    const passed = await this.#gate.pass(async () => {
      if (!this.#status.isUp) return readReply({ kind: 'NOT_SENT', message: this.#status.message });
      return readReply(await this.#http.send(write(this.#status.codec), headers, timeoutMs));
    });
    if (!passed.ok) return { kind: 'UNAVAILABLE', message: passed.reason };
    if (passed.value.kind === 'DONE') this.#lastContactAt = this.#options.clock.now();
    else if (passed.value.kind !== 'REFUSED') this.#wakeBeat?.();
    return passed.value;
  }

  /** Ends all calls and the beat. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#wakeBeat?.();
    this.#gate.shut('the gateway is being stopped');
    await Promise.all([this.#http.close(), this.#probes.close()]);
    await this.#running;
  }

  async #run(listener: LinkListener): Promise<void> {
    while (!this.#isClosed()) {
      const status = await this.#negotiate();
      if (this.#isClosed()) return;
      this.#tell(status, listener);
      if (!status.isUp) {
        await this.#pause(RETRY_MS);
        continue;
      }
      for (;;) {
        const beat = await this.#beat(status.codec);
        if (this.#isClosed()) return;
        if (beat === null) break;
        listener.onBeat(beat);
        await this.#pause(this.#options.beatMs());
      }
      this.#tell({ isUp: false, message: 'slurmctld does not answer' }, listener);
    }
  }

  #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  #tell(status: LinkStatus, listener: LinkListener): void {
    const before = this.#status;
    this.#status = status;
    if (status.isUp) {
      this.#lastContactAt = this.#options.clock.now();
      this.#gate.open();
    } else this.#gate.shut(status.message);
    if (before.isUp !== status.isUp || (!before.isUp && !status.isUp && before.message !== status.message))
      listener.onStatus(status);
  }

  async #beat(codec: SlurmCodec): Promise<JobCounters | null> {
    const reply = await this.#probe(codec.diagnostics(), BEAT_TIMEOUT_MS);
    if (reply.kind !== 'DONE') return null;
    this.#lastContactAt = this.#options.clock.now();
    return readCounters(reply.body);
  }

  /** Finds the versions that are served and Slurm's own, in this order: what is served names no release before 23.11. */
  async #negotiate(): Promise<LinkStatus> {
    const opening = await this.#probe({ method: 'GET', path: '/openapi/v3', body: null }, PROBE_TIMEOUT_MS);
    if (opening.kind !== 'DONE') return down(opening.message);
    const paths = isRecord(opening.body) && isRecord(opening.body['paths']) ? opening.body['paths'] : {};
    const served = readServed(paths as Readonly<Record<string, Readonly<Record<string, unknown>>>>);
    const newest = REST_VERSIONS.findLast((version) => served.has(version));
    if (newest === undefined)
      return down(`slurmrestd serves none of the versions v0.0.${REST_VERSIONS[0]} to v0.0.${REST_VERSIONS.at(-1)}`);
    const startedAt = this.#options.clock.now();
    const answer = await this.#probe(readDiagnostics(newest), PROBE_TIMEOUT_MS);
    if (answer.kind === 'REFUSED' || (answer.kind === 'UNAVAILABLE' && this.#options.clock.now() - startedAt < SOON_MS))
      return down(
        `Slurm does not take the token of the gateway's user ${this.#options.serviceUser}; it may have expired`,
      );
    if (answer.kind !== 'DONE') return down(answer.message);
    const release = readRelease(answer.body);
    if (release === null) return down('slurmrestd does not say which release of Slurm it belongs to');
    const version = chooseVersion(served.keys(), release) ?? newest;
    return { isUp: true, codec: new SlurmCodec(version, release, served) };
  }

  async #probe(call: SlurmCall, timeoutMs: number): Promise<SlurmReply> {
    const { identity, serviceUser } = this.#options;
    return readReply(await this.#probes.send(call, await identity.headersFor(serviceUser), timeoutMs));
  }

  /** Waits, but not once the link is closed, and less where a call failed meanwhile. */
  async #pause(milliseconds: number): Promise<void> {
    if (this.#isClosed()) return;
    const { clock } = this.#options;
    await new Promise<void>((resolve) => {
      const cancel = clock.at(clock.now() + milliseconds, resolve);
      this.#wakeBeat = () => {
        cancel();
        resolve();
      };
    });
    this.#wakeBeat = null;
  }
}

/** Slurm's own version, which every reply has: `meta.Slurm.release`, later `meta.slurm.release`. */
function readRelease(body: unknown): ReturnType<typeof parseRelease> {
  const meta = isRecord(body) ? body['meta'] : null;
  const slurm = isRecord(meta) ? (meta['Slurm'] ?? meta['slurm']) : null;
  return isRecord(slurm) && typeof slurm['release'] === 'string' ? parseRelease(slurm['release']) : null;
}

function down(message: string): LinkStatus {
  return { isUp: false, message };
}

/** Slurm and the version of its interface, for people: `Slurm 22.05.8, REST v0.0.38`. */
export function describeCodec({ release, version }: SlurmCodec): string {
  return `Slurm ${printRelease(release)}, REST v0.0.${version}`;
}
