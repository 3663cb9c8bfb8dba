import { setTimeout as delay } from 'node:timers/promises';
import { isTerminal } from '../domain/states.js';
import { type DemoProblem } from './DemoProblem.js';
import { JOB, type ShownChange } from './foldChanges.js';
import { type GatewayClient } from './GatewayClient.js';
import { JobStateChangedDocument, TaskStateChangedDocument } from './operations.generated.js';

/** Follows one job and its tasks by two subscriptions on one WebSocket, from a cursor on. */
export class JobWatch {
  readonly #states = new Map<string, ShownChange['state']>();
  readonly #leave: readonly (() => void)[];
  #problem: DemoProblem | null = null;
  #changedAt = performance.now();
  #stirred = Promise.withResolvers<undefined>();

  /** `seen` gets every change, in the order of each subject. */
  constructor(client: GatewayClient, jobId: string, after: string | null, seen: (change: ShownChange) => void) {
    const take = (
      subject: string,
      change: Omit<ShownChange, 'subject' | 'actor' | 'occurredAt'> & {
        readonly actor: { readonly id: string } | null;
        readonly occurredAt: string;
      },
    ): void => {
      const { previousState, state, cause, message, actor, occurredAt } = change;
      this.#states.set(subject, state);
      this.#changedAt = performance.now();
      const shown = { subject, previousState, state, cause, message, actor: actor?.id ?? null };
      seen({ ...shown, occurredAt: Date.parse(occurredAt) });
      this.#stir();
    };
    const fail = (problem: DemoProblem): void => {
      this.#problem ??= problem;
      this.#stir();
    };
    this.#leave = [
      client.subscribe(
        TaskStateChangedDocument,
        { jobId, after },
        ({ taskStateChanged }) => take(taskStateChanged.task.taskId, taskStateChanged),
        fail,
      ),
      client.subscribe(
        JobStateChangedDocument,
        { jobId, after },
        ({ jobStateChanged }) => take(JOB, jobStateChanged),
        fail,
      ),
    ];
  }

  /** The state that the subject's last change led to; undefined before its first. */
  state(subject: string): ShownChange['state'] | undefined {
    return this.#states.get(subject);
  }

  /** Whether the subject's last change ended it. */
  isOver(subject: string): boolean {
    const state = this.state(subject);
    return state !== undefined && isTerminal(state);
  }

  /** How long ago the last change came, in milliseconds; before the first, how long it has been watching. */
  get quietMs(): number {
    return performance.now() - this.#changedAt;
  }

  /**
   * Waits until the predicate holds, and answers true; false where `timeoutMs` pass before. Rejects with a {@link DemoProblem} where a
   * subscription was lost, and with the signal's reason once that is aborted.
   */
  async until(predicate: () => boolean, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    const ended = new AbortController();
    const either = AbortSignal.any([signal, ended.signal]);
    const timeout = delay(timeoutMs, 'TIMEOUT' as const, { signal: either }).catch(() => 'ABORTED' as const);
    try {
      for (;;) {
        if (this.#problem !== null) throw this.#problem;
        signal.throwIfAborted();
        if (predicate()) return true;
        if ((await Promise.race([this.#stirred.promise, timeout])) === 'TIMEOUT') return predicate();
      }
    } finally {
      ended.abort();
    }
  }

  /** Ends the subscriptions. */
  close(): void {
    for (const leave of this.#leave) leave();
  }

  #stir(): void {
    this.#stirred.resolve(undefined);
    this.#stirred = Promise.withResolvers();
  }
}
