import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { getSystemErrorMessage } from 'node:util';

/** What is to be started, as the leader of a new session. */
export interface LaunchPadStart {
  /** The program and its arguments. */
  readonly command: readonly string[];
  readonly workDirectory: string;
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly stdinPath: string;
  readonly stdoutPath: string;
  readonly stderrPath: string;
}

/** What the gateway asks for; `id` names it in the answers. */
export interface LaunchPadRequest extends LaunchPadStart {
  readonly id: number;
}

/** What the launch pad tells: first STARTED or FAILED, then EXITED for what was started. */
export type LaunchPadMessage =
  /** @remarks `startTicks` is the start time of `/proc`, in clock ticks since boot. */
  | { readonly kind: 'STARTED'; readonly id: number; readonly pid: number; readonly startTicks: string }
  | { readonly kind: 'FAILED'; readonly id: number; readonly message: string }
  | {
      readonly kind: 'EXITED';
      readonly id: number;
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    };

/** What became of a start. LOST: the launch pad itself has ended, and whether it started anything is not known. */
export type LaunchPadAnswer =
  | {
      readonly kind: 'STARTED';
      readonly pid: number;
      readonly startTicks: string;
      /** Settles when the process has ended, with null where the launch pad ended before it; never rejects. */
      readonly exit: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null } | null>;
    }
  | { readonly kind: 'FAILED'; readonly message: string }
  | { readonly kind: 'LOST' };

type Exit = Awaited<Extract<LaunchPadAnswer, { kind: 'STARTED' }>['exit']>;

interface Pending {
  readonly answer: (answer: LaunchPadAnswer) => void;
  readonly exit: PromiseWithResolvers<Exit>;
}

const PROGRAM = new URL(`./launchPadProgram${extname(import.meta.url)}`, import.meta.url);

/**
 * A process beside the gateway that starts the commands of tasks. To start a process is to copy the starter's page tables and to open
 * files: milliseconds for a large process, in which it does nothing else. A small process does it faster, and the gateway goes on
 * answering. It is started with the first command, and again after it was killed.
 */
export class LaunchPad {
  readonly #pending = new Map<number, Pending>();
  #child: ChildProcess | null = null;
  #lastId = 0;

  /** Starts the command. Never rejects. */
  start(start: LaunchPadStart): Promise<LaunchPadAnswer> {
    const id = (this.#lastId += 1);
    const { promise, resolve: answer } = Promise.withResolvers<LaunchPadAnswer>();
    this.#pending.set(id, { answer, exit: Promise.withResolvers() });
    const child = (this.#child ??= this.#open());
    const request: LaunchPadRequest = { id, ...start };
    if (child.connected) child.send(request, () => undefined);
    return promise;
  }

  /** Ends the launch pad. What it has started goes on. */
  close(): void {
    this.#pending.clear();
    if (this.#child?.connected === true) this.#child.disconnect();
  }

  #open(): ChildProcess {
    const child = fork(PROGRAM, {
      detached: true,
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.unref();
    child.channel?.unref();
    child.on('message', (message: LaunchPadMessage) => this.#hear(message));
    child.once('error', (error: NodeJS.ErrnoException) => this.#lose(child, error));
    child.once('exit', () => this.#lose(child, null));
    return child;
  }

  #hear(message: LaunchPadMessage): void {
    const pending = this.#pending.get(message.id);
    if (pending === undefined) return;
    switch (message.kind) {
      case 'STARTED':
        pending.answer({ ...message, exit: pending.exit.promise });
        break;
      case 'FAILED':
        this.#pending.delete(message.id);
        pending.answer(message);
        break;
      case 'EXITED':
        this.#pending.delete(message.id);
        pending.exit.resolve(message);
        break;
    }
  }

  #lose(child: ChildProcess, failure: NodeJS.ErrnoException | null): void {
    if (this.#child !== child) return;
    this.#child = null;
    const lost = [...this.#pending.values()];
    this.#pending.clear();
    for (const { answer, exit } of lost) {
      answer(failure === null ? { kind: 'LOST' } : { kind: 'FAILED', message: describe(failure) });
      exit.resolve(null);
    }
  }
}

function describe({ code, errno, message }: NodeJS.ErrnoException): string {
  const reason = errno === undefined ? message : `${code ?? errno}: ${getSystemErrorMessage(errno)}`;
  return `The process that starts commands could not be started: ${reason}`;
}
