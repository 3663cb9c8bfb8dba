import { type Viewer } from '../../domain/access.js';
import { type CancelOrder, type Delivery } from '../remote/RemoteDriver.js';
import { ELEMENTS_PER_CALL } from './arrayTasks.js';

interface Waiting {
  readonly order: CancelOrder;
  readonly resolve: (delivery: Delivery) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts cancels of elements of one array, by one person with one message, into few calls: the first goes at once, and those that come while it is
 * under way go together.
 */
export class CancelBatches {
  readonly #send: (viewer: Viewer, orders: readonly CancelOrder[]) => Promise<readonly Delivery[]>;
  readonly #waiting = new Map<string, Waiting[]>();

  /** @param send - makes one call for several orders; one delivery each, in their order */
  constructor(send: (viewer: Viewer, orders: readonly CancelOrder[]) => Promise<readonly Delivery[]>) {
    this.#send = send;
  }

  /** Cancels one element, perhaps together with others. */
  async add(viewer: Viewer, order: CancelOrder): Promise<Delivery> {
    const { jobId, message, force } = order.cancellation;
    const key = JSON.stringify([viewer.user, jobId, message, force]);
    return new Promise((resolve, reject) => {
      const entry = { order, resolve, reject };
      const others = this.#waiting.get(key);
      if (others !== undefined) {
        others.push(entry);
        return;
      }
      this.#waiting.set(key, [entry]);
      queueMicrotask(() => void this.#run(key, viewer));
    });
  }

  async #run(key: string, viewer: Viewer): Promise<void> {
    const waiting = this.#waiting.get(key) ?? [];
    while (waiting.length > 0) {
      const batch = waiting.splice(0, ELEMENTS_PER_CALL);
      try {
        const deliveries = await this.#send(
          viewer,
          batch.map(({ order }) => order),
        );
        for (const [index, { resolve }] of batch.entries()) resolve(deliveries[index] ?? { kind: 'UNKNOWN' });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#waiting.delete(key);
  }
}
