import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseSacct, SACCT_FORMAT, type SacctRow } from './sacctRows.js';
import { parseSqueue, SQUEUE_ARGS, SQUEUE_ENV } from './squeueSnapshot.js';
import { type SlurmState } from './SlurmJob.js';
import { parseLimits, type SlurmLimits } from './slurmLimits.js';

/** Where Slurm's own commands are. */
export interface SlurmCommandsOptions {
  /** The folder of squeue, sacct, scancel and scontrol. */
  readonly binDir: string;
  /** The path of slurm.conf; null: Slurm's own. */
  readonly configFile: string | null;
  /** A token of this user's own: Slurm takes the command for the user's, whoever runs the gateway. Null: there is none. */
  readonly tokenFor: (user: string) => Promise<string | null>;
}

/** What a command came to. `message` is Slurm's own, fit for clients. */
export type CommandResult =
  { readonly ok: true; readonly output: string } | { readonly ok: false; readonly message: string };

/** How long a command may take, in milliseconds, and how much it may print. */
const TIMEOUT_MS = 60_000;
const MAX_OUTPUT = 512 * 1024 * 1024;

const execFileAsync = promisify(execFile);

/** Slurm's own commands, each run as a user by a token of hers, so that Slurm applies her rights and not those of the gateway. */
export class SlurmCommands {
  readonly #options: SlurmCommandsOptions;
  readonly #closing = new AbortController();

  constructor(options: SlurmCommandsOptions) {
    this.#options = options;
  }

  /** Every record that slurmctld has; null where squeue failed. */
  async snapshot(user: string): Promise<readonly SlurmState[] | null> {
    const result = await this.#run(user, 'squeue', SQUEUE_ARGS, SQUEUE_ENV);
    return result.ok ? parseSqueue(result.output) : null;
  }

  /** What the accounts say of these jobs; null where sacct failed. */
  async accounts(user: string, jobIds: readonly number[]): Promise<readonly SacctRow[] | null> {
    const args = [
      '--allocations',
      '--noheader',
      '--parsable2',
      `--format=${SACCT_FORMAT}`,
      `--jobs=${jobIds.join(',')}`,
    ];
    const result = await this.#run(user, 'sacct', args, SQUEUE_ENV);
    return result.ok ? parseSacct(result.output) : null;
  }

  /** What slurmctld's configuration says; null where scontrol failed. */
  async limits(user: string): Promise<SlurmLimits | null> {
    const result = await this.#run(user, 'scontrol', ['show', 'config']);
    return result.ok ? parseLimits(result.output) : null;
  }

  /** Kills the batch shell and its children at once: ids are `42`, `42_7` or `42_[1-9]`. Works only before a cancel was sent. */
  async killDirectly(user: string, ids: readonly string[]): Promise<CommandResult> {
    return this.#run(user, 'scancel', ['--batch', '--signal=KILL', ...ids]);
  }

  /** Cancels: ids are `42`, `42_7` or `42_[1-9]`. */
  async cancel(user: string, ids: readonly string[]): Promise<CommandResult> {
    return this.#run(user, 'scancel', ids);
  }

  /** Puts jobs or elements that run or have ended back into the queue: ids are `42` or `42_7`. */
  async requeue(user: string, ids: readonly string[]): Promise<CommandResult> {
    return this.#run(user, 'scontrol', ['requeue', ids.join(',')]);
  }

  /** Ends the commands that still run. */
  close(): void {
    this.#closing.abort();
  }

  async #run(
    user: string,
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<CommandResult> {
    const { binDir, configFile, tokenFor } = this.#options;
    const token = await tokenFor(user);
    if (token === null)
      return {
        ok: false,
        message: `The gateway has no token of Slurm's user ${user}, and runs no command as another.`,
      };
    const env = {
      PATH: '/usr/bin:/bin',
      ...(configFile === null ? {} : { SLURM_CONF: configFile }),
      SLURM_JWT: token,
      ...environment,
    };
    try {
      const { stdout } = await execFileAsync(join(binDir, program), args, {
        env,
        timeout: TIMEOUT_MS,
        maxBuffer: MAX_OUTPUT,
        signal: this.#closing.signal,
      });
      return { ok: true, output: stdout };
    } catch (error) {
      const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
      return { ok: false, message: `${program} failed: ${stderr === '' ? 'it could not be run' : stderr}` };
    }
  }
}
