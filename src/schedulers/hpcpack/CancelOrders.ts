import { type Viewer } from '../../domain/access.js';
import { type Clock } from '../../domain/Clock.js';
import { type TaskRef } from '../../domain/ids.js';
import { isTerminal, type JobState, type TaskState } from '../../domain/states.js';
import { schedulerUnavailable } from '../remote/refusals.js';
import { type CancelOrder, type Delivery, type RemoteSink } from '../remote/RemoteDriver.js';
import { type Answer, type CallOptions, type HpcPackClient, type NativeTaskRef } from './HpcPackClient.js';
import { refusalMeaning } from './mapping.js';
import { nativeMessage } from './nativeMessage.js';
import { refusalOf } from './refusals.js';
import { type Watcher } from './Watcher.js';

/** What cancels are carried out with. */
export interface CancelParts {
  readonly client: HpcPackClient;
  readonly watcher: Watcher;
  readonly clock: Clock;
  /** In whose name the viewer's commands are sent. */
  readonly asUser: (viewer: Viewer) => string | null;
  readonly nativeRef: (ref: TaskRef) => NativeTaskRef;
}

/** How soon it is looked whether a cancel that is not answered has taken effect; after that its job is read fast anyway. */
const FIRST_LOOK_MS = 100;

/** How long a kill may be unanswered. */
const KILL_TIMEOUT_MS = 5_000;

/** How often, and how soon, a cancel is sent again that is refused because the task is just on its way from one state to the next. */
const TRANSIT_TRIES = 20;
const TRANSIT_WAIT_MS = 100;

/** The head node keeps force and its own grace period as they were planned. */
const DELIVERED: Delivery = { kind: 'DELIVERED', grace: null };

/** States that a task or job stays in; from the others it moves on by itself. */
const SETTLED_STATES: ReadonlySet<string> = new Set(['CONFIGURING', 'QUEUED', 'RUNNING', 'CANCELING']);

/**
 * Carries cancels to the head node. It may hold its answer until all is over, so what counts is what is seen: a cancel is delivered when the
 * head node answers, or when a reading or an event shows its effect, whichever comes first.
 */
export class CancelOrders {
  readonly #parts: CancelParts;

  constructor(parts: CancelParts) {
    this.#parts = parts;
  }

  async carry(sink: RemoteSink, viewer: Viewer, order: CancelOrder): Promise<Delivery> {
    const { ref, cancellation } = order;
    const { jobId } = cancellation;
    this.#parts.watcher.heat(jobId);
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#send(sink, viewer, order);
      if (answer === 'SEEN') return DELIVERED;
      if (answer.kind === 'OK') return this.#afterAnswer(sink, order);
      if (answer.kind === 'UNANSWERED') {
        if (answer.delivered === 'NO') return { kind: 'NOT_DELIVERED', refusal: refusalOf(answer, jobId, ref) };
        return { kind: 'UNKNOWN' };
      }
      const meaning = refusalMeaning(answer);
      if (meaning === 'FORBIDDEN') return { kind: 'REFUSED', refusal: refusalOf(answer, jobId, ref) };
      const state = await this.#look(order);
      if (state === null) return { kind: 'REFUSED', refusal: refusalOf(answer, jobId, ref) };
      if (isTerminal(state)) return this.#whenOver(sink, order);
      if (state === 'CANCELING' && !order.isEscalation) return DELIVERED;
      const isPassing = !SETTLED_STATES.has(state);
      if (meaning === 'NOT_EXPANDED' || tries >= (isPassing ? TRANSIT_TRIES : 2))
        return { kind: 'REFUSED', refusal: refusalOf(answer, jobId, ref) };
      await this.#sleep(TRANSIT_WAIT_MS);
    }
  }

  /** Finds out by reading what became of a cancel whose answer never came. One that shows no effect is sent again, which does no harm. */
  async verify(sink: RemoteSink, order: CancelOrder): Promise<Delivery> {
    const { watcher } = this.#parts;
    const { jobId } = order.cancellation;
    await watcher.readNow(jobId);
    if (!isUnseen(sink, order)) return DELIVERED;
    const state = await this.#look(order);
    if (state === null) return { kind: 'UNKNOWN' };
    if (isTerminal(state)) return this.#whenOver(sink, order);
    if (state === 'CANCELING') return DELIVERED;
    return { kind: 'NOT_DELIVERED', refusal: schedulerUnavailable('The cancel did not reach the head node.') };
  }

  /** Sends the order until it is answered, or its effect is seen. */
  async #send(sink: RemoteSink, viewer: Viewer, order: CancelOrder): Promise<Answer<null> | 'SEEN'> {
    const { client, watcher, asUser, nativeRef } = this.#parts;
    const { ref, cancellation, isEscalation } = order;
    const { jobId } = cancellation;
    const message = nativeMessage(cancellation);
    const isForced = cancellation.force || isEscalation;
    const send = (signal: AbortSignal): Promise<Answer<null>> => {
      const options: CallOptions = { asUser: asUser(viewer), signal };
      return ref === null
        ? client.cancelJob(jobId, message, isForced, options)
        : client.cancelTask(nativeRef(ref), message, isForced, options);
    };
    /** What a kill brings about is told after it, as its own: a cancel that runs already has no intent of its own that a reading would match. */
    if (isEscalation) return watcher.holding(jobId, () => send(AbortSignal.timeout(KILL_TIMEOUT_MS)));
    const [answered, seen] = [new AbortController(), new AbortController()];
    const answer = send(seen.signal);
    const first = await Promise.race([answer, this.#untilSeen(sink, order, answered.signal)]);
    answered.abort();
    /** What has taken effect needs no answer: the connection is free for others. */
    if (first === 'SEEN') seen.abort();
    return first ?? answer;
  }

  /** Resolves with SEEN when a reading or an event shows that the order has taken effect; null: it was broken off. */
  async #untilSeen(sink: RemoteSink, order: CancelOrder, signal: AbortSignal): Promise<'SEEN' | null> {
    const { watcher, clock } = this.#parts;
    const { jobId } = order.cancellation;
    const cancelLook = clock.at(clock.now() + FIRST_LOOK_MS, () => void watcher.readNow(jobId));
    try {
      for (;;) {
        await watcher.seen(jobId, signal);
        if (signal.aborted) return null;
        if (!isUnseen(sink, order)) return 'SEEN';
      }
    } finally {
      cancelLook();
    }
  }

  /** The head node took it. What did not run may only be called canceled when it shows so. */
  async #afterAnswer(sink: RemoteSink, order: CancelOrder): Promise<Delivery> {
    const state = order.isEscalation ? 'CANCELING' : await this.#look(order);
    if (state === null || isTerminal(state)) return this.#whenOver(sink, order);
    const runs = state === 'RUNNING' || state === 'CANCELING';
    const isWhole = order.ref === null || order.task?.type === 'PARAMETRIC_SWEEP';
    return runs || isWhole ? DELIVERED : { kind: 'UNKNOWN' };
  }

  /** What was to be stopped is over: by the cancel, which the reading then shows, or before it. */
  async #whenOver(sink: RemoteSink, order: CancelOrder): Promise<Delivery> {
    const { watcher, client } = this.#parts;
    const { ref, cancellation } = order;
    await watcher.readNow(cancellation.jobId);
    if (!isUnseen(sink, order)) return DELIVERED;
    if (ref !== null) return isTerminal(sink.task(ref)?.status.state ?? 'FINISHED') ? { kind: 'OVER' } : DELIVERED;
    const job = await client.readJob(cancellation.jobId);
    if (job.kind !== 'OK') return { kind: 'UNKNOWN' };
    const isOurs = job.value.errorMessage?.includes(nativeMessage(cancellation)) === true;
    return isTerminal(job.value.state) && !isOurs ? { kind: 'OVER' } : DELIVERED;
  }

  /** The state that the head node shows of what is to be stopped; null: it could not be read. */
  async #look({ ref, cancellation }: CancelOrder): Promise<TaskState | JobState | null> {
    const { client, nativeRef } = this.#parts;
    const answer = ref === null ? await client.readJob(cancellation.jobId) : await client.readTask(nativeRef(ref));
    return answer.kind === 'OK' ? answer.value.state : null;
  }

  #sleep(milliseconds: number): Promise<void> {
    const { clock } = this.#parts;
    return new Promise((resolve) => void clock.at(clock.now() + milliseconds, resolve));
  }
}

/** Whether nothing that was seen has shown the order's effect yet. */
function isUnseen(sink: RemoteSink, { cancellation, isEscalation }: CancelOrder): boolean {
  const live = sink.liveCancellations().get(cancellation.jobId) ?? [];
  const phase = live.find(({ id }) => id === cancellation.id)?.phase;
  return isEscalation ? phase !== undefined : phase === 'ACCEPTED';
}
