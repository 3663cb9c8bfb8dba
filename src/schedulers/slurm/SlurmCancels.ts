import { type Viewer } from '../../domain/access.js';
import { printTaskRef } from '../../domain/ids.js';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { isWaiting } from '../../domain/states.js';
import { type CancelOrder, type Delivery, type Grace, type RemoteSink } from '../remote/RemoteDriver.js';
import { schedulerRefused } from '../remote/refusals.js';
import { CancelBatches } from './CancelBatches.js';
import { DirectKills, type KillParts } from './DirectKills.js';
import { makeCalls, tokenRefusal } from './makeCalls.js';
import { type SlurmReply } from './readReply.js';
import { refusalOf } from './refusalOf.js';
import { type SlurmCodec, type SlurmSignal, type SlurmTarget } from './SlurmCodec.js';

/** How many elements are looked at after their cancel, to learn whether they had started unseen, and of arrays with how many records. */
const LOOKED_AT = { elements: 8, records: 5_000 } as const;

/** How often what is queued again at the same time is canceled. */
const MAX_ATTEMPTS = 3;

/** The most elements that get a comment: it splits each of them off its array. */
const MAX_COMMENTED = 1_000;

const CANCEL: SlurmSignal = { name: 'KILL', isDirect: false };
const TERM: SlurmSignal = { name: 'TERM', isDirect: false };

/** What of the sink is asked: what is stored, and what is being canceled. */
type CancelSink = Pick<RemoteSink, 'task' | 'liveCancellations'>;

/** Carries cancels to Slurm, each as the person who asks. */
export class SlurmCancels {
  readonly #parts: KillParts;
  readonly #kills: DirectKills;
  readonly #batches: CancelBatches;
  #sink: CancelSink | null = null;

  constructor(parts: KillParts) {
    this.#parts = parts;
    this.#kills = new DirectKills(parts);
    this.#batches = new CancelBatches((viewer, orders) => this.#cancelTogether(viewer, orders));
  }

  /** Whether a running task can be killed without KillWait. */
  get canKillDirectly(): boolean {
    return this.#kills.arePossible;
  }

  /** Begins to look after shortened grace periods of what the sink knows. */
  start(sink: CancelSink): void {
    this.#sink = sink;
  }

  /** Carries out orders of one person; one delivery each, in their order. */
  async cancel(viewer: Viewer, orders: readonly CancelOrder[]): Promise<readonly Delivery[]> {
    const { watcher } = this.#parts;
    /** What ran and was forgotten while nobody looked could not be told from what this cancel ends. */
    if (!watcher.isCurrent) await watcher.refresh();
    return Promise.all(orders.map((order) => this.#cancel(viewer, order)));
  }

  /** Finds out by reading what became of a cancel whose answer never came. */
  async verify(order: CancelOrder): Promise<Delivery> {
    const { watcher } = this.#parts;
    if (!(await watcher.refresh())) return { kind: 'UNKNOWN' };
    const { jobId } = order.cancellation;
    const view = watcher.view(jobId);
    const instance = order.ref?.instance ?? null;
    const records = instance === null ? [view?.own, ...(view?.elements() ?? [])] : [view?.element(instance) ?? null];
    const phases = records.flatMap((record) => (record ? [record.phase] : []));
    const isPending = instance !== null && view?.pending?.has(instance) === true;
    if (isPending || phases.some(({ kind }) => kind === 'WAITING' || kind === 'RUNNING' || kind === 'DISPATCHING'))
      return { kind: 'NOT_DELIVERED', refusal: schedulerRefused('Slurm did not get the cancel.') };
    /** Of a sweep or a job some may have ended before. What is gone without a record was canceled. */
    const isStopped =
      phases.length === 0 ||
      phases.some((phase) => phase.kind === 'ENDING' || ('base' in phase && phase.base === 'CANCELLED'));
    return isStopped ? { kind: 'DELIVERED', grace: null } : { kind: 'OVER' };
  }

  /** Kills what was to be killed by now. Called again and again while Slurm answers. */
  expire(): void {
    if (this.#sink !== null) this.#kills.expire(this.#sink);
  }

  get #codec(): SlurmCodec | null {
    const { status } = this.#parts.link;
    return status.isUp ? status.codec : null;
  }

  async #cancel(viewer: Viewer, order: CancelOrder): Promise<Delivery> {
    const { cancellation, ref, task, isEscalation } = order;
    const { force, gracePeriodSeconds, jobId, requestedAt } = cancellation;
    const instance = ref?.instance ?? null;
    const isSingle = ref !== null && task?.type === 'BASIC';
    if (isEscalation) {
      /** Once a cancel was sent Slurm keeps to its KillWait, whatever comes after; after a mere SIGTERM the task runs on. */
      const isKilled = isSingle && this.canKillDirectly && (await this.#kills.killOne(viewer.user, jobId, instance));
      const expiresAt = requestedAt + this.#parts.gracePeriod() * 1_000;
      return { kind: 'DELIVERED', grace: isKilled ? null : this.#grace(true, expiresAt) };
    }
    const isRunning = task === null || !isWaiting(task.status.state);
    if (isRunning && isSingle && !force && gracePeriodSeconds < this.#parts.gracePeriod()) {
      const shortened = await this.#shorten(viewer, order);
      if (shortened !== null) return shortened;
    }
    if (isRunning && force && this.canKillDirectly && (await this.#kills.killRunning(viewer.user, order))) {
      if (isSingle) {
        this.#parts.watcher.expect(jobId, instance);
        return { kind: 'DELIVERED', grace: null };
      }
      const [rest] = await this.#send(viewer, [order]);
      return rest?.kind === 'DELIVERED' ? { kind: 'DELIVERED', grace: null } : (rest ?? { kind: 'UNKNOWN' });
    }
    if (instance === null) return (await this.#send(viewer, [order]))[0] ?? { kind: 'UNKNOWN' };
    return this.#batches.add(viewer, order);
  }

  /** SIGTERM now and SIGKILL at the end of a grace period that is shorter than the cluster's. Null: that is not possible. */
  async #shorten(viewer: Viewer, order: CancelOrder): Promise<Delivery | null> {
    const codec = this.#codec;
    const { ref, cancellation } = order;
    if (codec === null || ref === null || !this.canKillDirectly) return null;
    const { watcher, link } = this.#parts;
    const found = await watcher.lookAt(ref.jobId, ref.instance);
    const view = watcher.view(ref.jobId);
    const record = ref.instance === null ? view?.own : view?.element(ref.instance);
    if (found !== 'OPEN' || record?.phase.kind !== 'RUNNING') return null;
    const target = { jobId: ref.jobId, instances: single(ref.instance) };
    await this.#comment(viewer, target, cancellation.message, 1);
    const answer = codec.signal(target, TERM);
    if (answer.kind !== 'CALLS') return null;
    const reply = await makeCalls(link, viewer.user, answer);
    if (reply.kind !== 'DONE') return this.#deliveryOf(reply);
    watcher.expect(ref.jobId, ref.instance);
    return { kind: 'DELIVERED', grace: null };
  }

  /** Orders of elements of one array, with one message. */
  async #cancelTogether(viewer: Viewer, orders: readonly CancelOrder[]): Promise<readonly Delivery[]> {
    const deliveries = await this.#send(viewer, orders);
    const isPartial = orders.length > 1 && deliveries.some(({ kind }) => kind === 'OVER');
    if (!isPartial) return deliveries;
    /** Slurm refuses a list as a whole when one of it is unknown, though it has canceled the others: each is asked for singly. */
    return Promise.all(orders.map(async (order) => (await this.#send(viewer, [order]))[0] ?? { kind: 'UNKNOWN' }));
  }

  /** One cancel for all of these orders: elements of one array, or a single order of anything. */
  async #send(viewer: Viewer, orders: readonly CancelOrder[], attempt = 1): Promise<readonly Delivery[]> {
    const [first] = orders;
    const codec = this.#codec;
    if (first === undefined) return [];
    const all = (delivery: Delivery): readonly Delivery[] => orders.map(() => delivery);
    if (codec === null) return all(this.#deliveryOf({ kind: 'UNAVAILABLE', message: 'Slurm does not answer' }));
    const { jobId, message } = first.cancellation;
    const values = orders.flatMap(({ ref }) => ref?.instance ?? []);
    const target = { jobId, instances: values.length === 0 ? null : InstanceSet.of(values) };
    await this.#comment(viewer, target, message, values.length);
    const answer = codec.signal(target, CANCEL);
    const areWaiting = orders.every(({ task }) => task !== null && isWaiting(task.status.state));
    if (areWaiting) this.#parts.watcher.announce(Math.max(1, values.length));
    const reply =
      answer.kind === 'CALLS'
        ? await makeCalls(this.#parts.link, viewer.user, answer)
        : await this.#command(viewer, target);
    if (reply.kind === 'DONE') return this.#lookAfterAll(viewer, orders, attempt);
    if (reply.kind === 'REFUSED' && (reply.problem === 'NO_SUCH_JOB' || reply.problem === 'ENDED'))
      return orders.length > 1 ? all({ kind: 'OVER' }) : [await this.#missing(first)];
    if (reply.kind === 'REFUSED' && reply.problem === 'UNAUTHENTICATED') {
      const refusal = await tokenRefusal(this.#parts.link, viewer.user);
      return all(refusal === null ? { kind: 'UNKNOWN' } : { kind: 'REFUSED', refusal });
    }
    return all(this.#deliveryOf(reply));
  }

  async #comment(viewer: Viewer, target: SlurmTarget, message: string | null, count: number): Promise<void> {
    if (message === null || count > MAX_COMMENTED) return;
    const answer = this.#codec?.comment(target, message);
    if (answer?.kind === 'CALLS') await makeCalls(this.#parts.link, viewer.user, answer);
  }

  /** Where REST would kill the whole array. */
  async #command(viewer: Viewer, { jobId, instances }: SlurmTarget): Promise<SlurmReply> {
    const { commands } = this.#parts;
    const text = 'this version of Slurm cancels single elements of an array only by its command scancel';
    if (commands === null || instances === null) return { kind: 'REFUSED', problem: 'OTHER', message: text };
    const result = await commands.cancel(
      viewer.user,
      [...instances].map((instance) => `${jobId}_${instance}`),
    );
    return result.ok ? { kind: 'DONE', body: null } : { kind: 'REFUSED', problem: 'OTHER', message: result.message };
  }

  /**
   * Slurm took the cancel. It says the same of what had ended before; and of what was pending as far as anybody had seen it does not say whether
   * it had started meanwhile. So records that are cheap to read are read: few by themselves, more together, and all where there are no more than that.
   */
  async #lookAfterAll(viewer: Viewer, orders: readonly CancelOrder[], attempt: number): Promise<readonly Delivery[]> {
    const { watcher } = this.#parts;
    const [first] = orders;
    if (first === undefined) return [];
    const { jobId } = first.cancellation;
    const areSingle = orders.every(({ ref, task }) => ref !== null && task?.type === 'BASIC');
    const size = watcher.view(jobId)?.size ?? 0;
    const isCheap = size <= LOOKED_AT.records;
    if (areSingle && isCheap && orders.length <= Math.min(LOOKED_AT.elements, size)) {
      return Promise.all(
        orders.map(async (order) => {
          const found = await watcher.lookAt(jobId, order.ref?.instance ?? null);
          if (found === 'SETTLED' && this.#isWaiting(order)) return this.#again(viewer, order, attempt);
          return this.#judge(order, found !== null);
        }),
      );
    }
    /** Of what runs nothing new is to be learnt that its end will not say. */
    const areRunning = areSingle && orders.every(({ task }) => task !== null && !isWaiting(task.status.state));
    const isSeen = areRunning && !isCheap ? false : await watcher.lookAtAll(jobId);
    return Promise.all(
      orders.map(async (order) =>
        isSeen && this.#isWaiting(order) ? this.#again(viewer, order, attempt) : this.#judge(order, isSeen),
      ),
    );
  }

  /** Whether anything of what an order is for has a record that waits, after Slurm took the cancel. */
  #isWaiting({ cancellation, ref, task }: CancelOrder): boolean {
    const view = this.#parts.watcher.view(cancellation.jobId);
    const instance = ref?.instance ?? null;
    if (instance !== null) return view?.element(instance)?.phase.kind === 'WAITING';
    if (view?.own?.phase.kind === 'WAITING') return true;
    return task?.type !== 'BASIC' && (view?.elementsIn('WAITING').length ?? 0) > 0;
  }

  /** Somebody queued it again just after Slurm had taken the cancel: it is canceled once more. */
  async #again(viewer: Viewer, order: CancelOrder, attempt: number): Promise<Delivery> {
    if (attempt >= MAX_ATTEMPTS)
      return { kind: 'REFUSED', refusal: schedulerRefused('It is queued again whenever it is canceled.') };
    return (await this.#send(viewer, [order], attempt + 1))[0] ?? { kind: 'UNKNOWN' };
  }

  /** What became of an order that Slurm took, by what its records last showed. `isSeen`: that is newer than the cancel. */
  #judge(order: CancelOrder, isSeen: boolean): Delivery {
    const { watcher, clock, gracePeriod } = this.#parts;
    const { cancellation, ref, task } = order;
    const { jobId, force } = cancellation;
    const isRunning = task === null || !isWaiting(task.status.state);
    const clusters = this.#grace(force, clock.now() + gracePeriod() * 1_000);
    const view = watcher.view(jobId);
    if (ref === null || task?.type !== 'BASIC') {
      this.#expectAll(jobId);
      const isEnding = view?.own?.phase.kind === 'ENDING' || (view?.elementsIn('ENDING').length ?? 0) > 0;
      const isHonest = (isSeen && isEnding) || (isRunning && force);
      return { kind: 'DELIVERED', grace: isHonest ? clusters : this.#unshortened(order, isRunning) };
    }
    const phase = (ref.instance === null ? view?.own : view?.element(ref.instance))?.phase;
    if (isSeen && phase?.kind === 'ENDED' && phase.base !== 'CANCELLED') return { kind: 'OVER' };
    const isOpen = phase !== undefined && phase.kind !== 'ENDED' && phase.kind !== 'WAITING';
    if (isSeen ? isOpen : isRunning) watcher.expect(jobId, ref.instance);
    if (isSeen && isOpen && !isRunning) return { kind: 'DELIVERED', grace: clusters };
    return { kind: 'DELIVERED', grace: isRunning && force ? clusters : this.#unshortened(order, isRunning) };
  }

  /** The cluster's own grace period, where a shorter one was asked for and could not be kept. */
  #unshortened({ cancellation }: CancelOrder, isRunning: boolean): Grace | null {
    const { gracePeriod, clock } = this.#parts;
    if (!isRunning || cancellation.force || cancellation.gracePeriodSeconds >= gracePeriod()) return null;
    return this.#grace(false, clock.now() + gracePeriod() * 1_000);
  }

  #expectAll(jobId: number): void {
    const { watcher } = this.#parts;
    const view = watcher.view(jobId);
    const own = view?.own?.phase.kind;
    if (own === 'RUNNING' || own === 'ENDING') watcher.expect(jobId, null);
    for (const instance of view?.elementsIn('RUNNING', 'DISPATCHING', 'ENDING') ?? []) watcher.expect(jobId, instance);
  }

  /** Slurm does not know it: an element that was pending is gone, and what ran has ended. */
  async #missing(order: CancelOrder): Promise<Delivery> {
    const { watcher } = this.#parts;
    const { cancellation, ref, task } = order;
    await watcher.refresh();
    const after = ref === null ? null : (this.#sink?.task(ref) ?? null);
    const isOpen = task !== null && after !== null && isWaiting(after.status.state);
    if (isOpen) return { kind: 'DELIVERED', grace: null };
    const name = ref === null ? String(cancellation.jobId) : printTaskRef(ref);
    const isOver = after !== null && after.status.endedAt !== null;
    return isOver ? { kind: 'OVER' } : { kind: 'REFUSED', refusal: schedulerRefused(`Slurm does not know ${name}.`) };
  }

  #deliveryOf(reply: Exclude<SlurmReply, { readonly kind: 'DONE' }>): Delivery {
    switch (reply.kind) {
      case 'UNAVAILABLE':
        return { kind: 'NOT_DELIVERED', refusal: refusalOf(reply) };
      case 'UNKNOWN':
        return { kind: 'UNKNOWN' };
      case 'REFUSED':
        return { kind: 'REFUSED', refusal: refusalOf(reply) };
    }
  }

  #grace(force: boolean, graceExpiresAt: number): Grace {
    return { force, gracePeriodSeconds: this.#parts.gracePeriod(), graceExpiresAt };
  }
}

function single(instance: number | null): InstanceSet | null {
  return instance === null ? null : InstanceSet.of([instance]);
}
