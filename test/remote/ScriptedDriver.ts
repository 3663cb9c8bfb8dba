import { done, type Outcome, type Refusal } from '../../src/domain/Refusal.js';
import {
  type CancelOrder,
  type Delivery,
  type RemoteCommand,
  type RemoteDriver,
  type RemoteSink,
  type SubmissionTrace,
  type Submitted,
} from '../../src/schedulers/remote/RemoteDriver.js';
import { type CreateJob } from '../../src/schedulers/scheduler.js';

const DELIVERED: Delivery = { kind: 'DELIVERED', grace: null };

/** A driver without a scheduler behind it: the test answers for the scheduler, and shows what it wants to be seen. */
export class ScriptedDriver implements RemoteDriver {
  readonly info: RemoteDriver['info'] = {
    kind: 'SLURM',
    name: 'scripted',
    version: '1',
    gracePeriodSeconds: 30,
    capabilities: {
      submit: true,
      requeue: true,
      finish: true,
      dependencies: false,
      output: false,
      cancelMessage: true,
      messageMaxLength: 128,
      callerGracePeriod: false,
      push: true,
    },
    requests: { perMinute: 60, lastMinute: 3 },
  };
  readonly watchdogSeconds = 60;
  readonly orders: CancelOrder[] = [];
  readonly commands: RemoteCommand[] = [];
  readonly submissions: string[] = [];
  readonly lookedUp: number[] = [];
  #sink: RemoteSink | null = null;

  /** What the scheduler answers to an order. */
  onCancel: (order: CancelOrder) => Delivery | Promise<Delivery> = () => DELIVERED;

  /** What a look for an order whose answer never came finds. */
  onVerify: (order: CancelOrder) => Delivery = () => ({ kind: 'UNKNOWN' });
  onCreate: () => Outcome<Submitted> | 'UNKNOWN' = () => done({ jobId: 100, nativeState: null });
  onTrace: () => SubmissionTrace = () => ({ kind: 'NEVER_MADE' });
  /** What a look shows, and whether the scheduler answers it. */
  onLookUp: (ids: readonly number[]) => boolean = () => true;
  onExecute: () => Outcome<null> = () => done(null);

  get sink(): RemoteSink {
    if (this.#sink === null) throw new Error('the driver was not started');
    return this.#sink;
  }

  start(sink: RemoteSink): Promise<void> {
    this.#sink = sink;
    sink.contact(null);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  checkJob(request: CreateJob): Refusal | null {
    if (request.tasks.length < 9) return null;
    const message = 'too many tasks';
    return { kind: 'SCHEDULER', code: 'UNSUPPORTED_BY_SCHEDULER', message, path: null, retryAfterSeconds: null };
  }

  createJob(_viewer: unknown, _request: CreateJob, submissionId: string): Promise<Outcome<Submitted> | 'UNKNOWN'> {
    this.submissions.push(submissionId);
    return Promise.resolve(this.onCreate());
  }

  traceSubmission(): Promise<SubmissionTrace> {
    return Promise.resolve(this.onTrace());
  }

  execute(_viewer: unknown, command: RemoteCommand): Promise<Outcome<null>> {
    this.commands.push(command);
    return Promise.resolve(this.onExecute());
  }

  cancel(_viewer: unknown, orders: readonly CancelOrder[]): Promise<readonly Delivery[]> {
    this.orders.push(...orders);
    return Promise.all(orders.map(async (order) => this.onCancel(order)));
  }

  verify(order: CancelOrder): Promise<Delivery> {
    return Promise.resolve(this.onVerify(order));
  }

  readOutputs(_viewer: unknown, requests: readonly unknown[]): Promise<readonly null[]> {
    return Promise.resolve(requests.map(() => null));
  }

  lookUp(ids: readonly number[]): Promise<boolean> {
    this.lookedUp.push(...ids);
    return Promise.resolve(this.onLookUp(ids));
  }
}
