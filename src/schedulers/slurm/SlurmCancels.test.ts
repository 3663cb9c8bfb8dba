import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { type Viewer } from '../../domain/access.js';
import { type Cancellation } from '../../domain/Cancellation.js';
import { type Task } from '../../domain/Job.js';
import { type TaskState } from '../../domain/states.js';
import { newTaskStatus } from '../../domain/TaskStatus.js';
import { type CancelOrder } from '../remote/RemoteDriver.js';
import { type KillParts } from './DirectKills.js';
import { JobView } from './JobView.js';
import { nativePhase, readNativeState } from './nativeStates.js';
import { type SlurmReply } from './readReply.js';
import { parseRelease, type RestVersion } from './restVersions.js';
import { SlurmCancels } from './SlurmCancels.js';
import { SlurmCodec } from './SlurmCodec.js';
import { type SlurmState } from './SlurmJob.js';
import { exampleCancellation } from '../../../test/support/exampleCancellation.js';
import { ManualClock } from '../../../test/support/ManualClock.js';
import { taskSpec } from '../../../test/support/taskSpec.js';

const DONE: SlurmReply = { kind: 'DONE', body: null };
const ENDED: SlurmReply = { kind: 'REFUSED', problem: 'ENDED', message: 'Slurm says: already done (2021)' };
const KILL_WAIT = 30;
const DELIVERED = { kind: 'DELIVERED', grace: null };
const viewer: Viewer = { user: 'ada', scopes: new Set(['READ', 'CANCEL']) };

/** What a Slurm is that is canceled in. */
interface Setting {
  /** The state of each element of array 42 that has a record of its own, in Slurm's words. */
  readonly states: Map<number, string>;
  readonly version?: RestVersion;
  readonly release?: string;
  readonly hasCommands?: boolean;
  /** What is answered, and done to the states, when this is asked for. */
  readonly answer?: (asked: string) => SlurmReply;
}

/** Cancels in an array, 42. `asked` is what Slurm and its commands were asked for, reading aside; `expected` whose records were told to change. */
function open({ states, version = 38, release = '22.05.8', hasCommands = true, answer = () => DONE }: Setting) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const expected: string[] = [];
  const live: Cancellation[] = [];
  const counts = { announced: 0 };
  const view = new JobView();
  const parsed = parseRelease(release);
  if (parsed === null) throw new Error(`no release: ${release}`);
  const codec = new SlurmCodec(version, parsed, new Map());
  const take = (text: string): SlurmReply => (asked.push(text), answer(text));
  const look = (instance: number): 'OPEN' | 'SETTLED' | 'NONE' => {
    const state = states.get(instance);
    if (state === undefined) return 'NONE';
    const record = recordOf(instance, state);
    view.remember([record], false, clock.now());
    const { kind } = nativePhase(record.state);
    return kind === 'ENDED' || kind === 'WAITING' ? 'SETTLED' : 'OPEN';
  };
  const lookAtAll = (): Promise<boolean> => {
    view.remember(
      [...states].map(([instance, state]) => recordOf(instance, state)),
      true,
      clock.now(),
    );
    return Promise.resolve(true);
  };
  const command =
    (name: string): ((user: string, ids: readonly string[]) => Promise<{ ok: true; output: string }>) =>
    (user, ids) => (take(`${user}: ${name} ${ids.join(' ')}`), Promise.resolve({ ok: true, output: '' }));
  const parts: KillParts = {
    link: {
      status: { isUp: true, codec },
      call: (user, write) => {
        const { method, path, body } = write(codec);
        const rest = decodeURIComponent(path).replace(`/slurm/v0.0.${version}`, '');
        return Promise.resolve(take(`${user}: ${method} ${rest}${body === null ? '' : ` ${JSON.stringify(body)}`}`));
      },
    },
    watcher: {
      isCurrent: true,
      view: () => view,
      lookAt: (_jobId, instance) => Promise.resolve(instance === null ? 'NONE' : look(instance)),
      lookAtAll,
      refresh: lookAtAll,
      expect: (jobId, instance) => expected.push(`${jobId}_${instance}`),
      announce: (count) => (counts.announced += count),
    },
    commands: hasCommands
      ? { cancel: command('scancel'), killDirectly: command('scancel --batch --signal=KILL') }
      : null,
    clock,
    gracePeriod: () => KILL_WAIT,
  };
  void lookAtAll();
  const cancels = new SlurmCancels(parts);
  const stored = new Map<number | null, Task>();
  cancels.start({
    task: ({ instance }) => stored.get(instance) ?? null,
    liveCancellations: () => new Map([[42, live]]),
  });
  const cancel = (...orders: readonly CancelOrder[]) => cancels.cancel(viewer, orders);
  return { cancels, cancel, clock, asked, expected, live, stored, counts };
}

function recordOf(instance: number, state: string): SlurmState {
  return {
    jobId: 42,
    rawId: 43 + instance,
    elements: { kind: 'ONE', instance },
    state: readNativeState(state.split('+')),
    reason: '',
    user: 'ada',
    submittedAt: 1,
    startedAt: null,
    endedAt: null,
    nodes: '',
  };
}

/** Ada's order to stop an element that is stored in this state. */
function order(instance: number, state: TaskState, fields: Partial<Cancellation> = {}): CancelOrder {
  const ref = { jobId: 42, taskNumber: 1, instance };
  const task: Task = {
    ref,
    type: 'BASIC',
    owner: 'ada',
    spec: taskSpec(),
    createdAt: 0,
    nativeState: state,
    observedAt: 0,
    status: { ...newTaskStatus(0), state },
    cancellation: null,
    subtaskCounts: null,
    allocatedNodes: [],
  };
  const cancellation = {
    ...exampleCancellation,
    taskNumber: 1,
    instance,
    requestedAt: 0,
    gracePeriodSeconds: KILL_WAIT,
    graceExpiresAt: KILL_WAIT * 1_000,
    ...fields,
  };
  return { cancellation, ref, task, isEscalation: false };
}

/** The cluster's own grace period, from now on. */
function clusters(clock: ManualClock, force: boolean) {
  return {
    kind: 'DELIVERED',
    grace: { force, gracePeriodSeconds: KILL_WAIT, graceExpiresAt: clock.now() + KILL_WAIT * 1_000 },
  };
}

/** Answers every cancel with yes, and moves the element to these states in turn. */
function moves(states: Map<number, string>, ...words: readonly string[]): (asked: string) => SlurmReply {
  const next = [...words];
  return (asked) => {
    const word = asked.includes('DELETE') ? next.shift() : undefined;
    if (word !== undefined) states.set(7, word);
    return DONE;
  };
}

describe('A cancel', () => {
  test('of an element that waits comes after its comment, and is announced: that a counter moves by it is no news', async () => {
    const states = new Map([[7, 'PENDING']]);
    const { cancel, asked, expected, counts } = open({ states, answer: moves(states, 'CANCELLED') });
    expect(await cancel(order(7, 'QUEUED'))).toStrictEqual([DELIVERED]);
    expect(asked).toStrictEqual(['ada: POST /job/42_7 {"comment":"wrong input"}', 'ada: DELETE /job/42_7']);
    expect([expected, counts.announced]).toStrictEqual([[], 1]);
  });

  test('of an element that had started unseen has the grace period of the cluster', async () => {
    const states = new Map([[7, 'PENDING']]);
    const { cancel, clock, expected } = open({ states, answer: moves(states, 'CANCELLED+COMPLETING') });
    expect(await cancel(order(7, 'QUEUED'))).toStrictEqual([clusters(clock, false)]);
    expect(expected).toStrictEqual(['42_7']);
  });

  test('of what had ended before is over, though Slurm says yes', async () => {
    const states = new Map([[7, 'RUNNING']]);
    const { cancel } = open({ states, answer: moves(states, 'COMPLETED') });
    expect(await cancel(order(7, 'RUNNING'))).toStrictEqual([{ kind: 'OVER' }]);
  });

  test('of what is queued again at the same time is sent once more, three times at most', async () => {
    const once = new Map([[7, 'RUNNING']]);
    const again = open({ states: once, answer: moves(once, 'PENDING', 'CANCELLED') });
    const always = new Map([[7, 'RUNNING']]);
    const stuck = open({ states: always, answer: moves(always, 'PENDING', 'PENDING', 'PENDING', 'CANCELLED') });
    const silent = order(7, 'RUNNING', { message: null });
    expect([await again.cancel(silent), again.asked.length]).toStrictEqual([[DELIVERED], 2]);
    expect(await stuck.cancel(silent)).toStrictEqual([
      {
        kind: 'REFUSED',
        refusal: {
          kind: 'SCHEDULER',
          code: 'SCHEDULER_REFUSED',
          message: 'It is queued again whenever it is canceled.',
          path: null,
          retryAfterSeconds: null,
        },
      },
    ]);
    expect(stuck.asked.length).toBe(3);
  });

  test('of several elements is one call, and where Slurm refuses one of them each is asked for singly', async () => {
    const states = new Map([1, 2, 3].map((instance) => [instance, 'PENDING']));
    const answer = (asked: string): SlurmReply => {
      if (asked.includes('[1-3]') || asked.endsWith('42_2')) return ENDED;
      states.set(Number(asked.at(-1)), 'CANCELLED');
      return DONE;
    };
    const { cancel, asked, stored } = open({ states, answer });
    const { task } = order(2, 'FINISHED');
    if (task !== null) stored.set(2, { ...task, status: { ...task.status, endedAt: 5 } });
    const all = [1, 2, 3].map((instance) => order(instance, 'QUEUED', { message: null }));
    expect(await cancel(...all)).toStrictEqual([DELIVERED, { kind: 'OVER' }, DELIVERED]);
    expect(asked).toStrictEqual(['42_[1-3]', '42_1', '42_2', '42_3'].map((id) => `ada: DELETE /job/${id}`));
  });

  test('of an element goes to scancel where REST would stop the whole array, and is refused where that may not be used', async () => {
    const setting = { version: 39, states: new Map([[7, 'RUNNING']]) } as const;
    const { cancel, asked } = open(setting);
    const without = open({ ...setting, hasCommands: false });
    expect([await cancel(order(7, 'RUNNING')), asked]).toStrictEqual([[DELIVERED], ['ada: scancel 42_7']]);
    expect([await without.cancel(order(7, 'RUNNING')), without.asked]).toStrictEqual([
      [
        {
          kind: 'REFUSED',
          refusal: {
            kind: 'SCHEDULER',
            code: 'SCHEDULER_REFUSED',
            message: 'this version of Slurm cancels single elements of an array only by its command scancel.',
            path: null,
            retryAfterSeconds: null,
          },
        },
      ],
      [],
    ]);
  });

  test.for([
    ['PENDING', 'NOT_DELIVERED'],
    ['RUNNING', 'NOT_DELIVERED'],
    ['CANCELLED+COMPLETING', 'DELIVERED'],
    ['CANCELLED', 'DELIVERED'],
    ['COMPLETED', 'OVER'],
  ])('whose answer never came is verified by reading, and never sent blindly: %s is %s', async ([state, kind]) => {
    const states = new Map([[7, state ?? '']]);
    const { cancels, cancel, asked } = open({ states, answer: () => ({ kind: 'UNKNOWN', message: 'no answer' }) });
    const asOrdered = order(7, 'RUNNING', { message: null });
    expect(await cancel(asOrdered)).toStrictEqual([{ kind: 'UNKNOWN' }]);
    expect((await cancels.verify(asOrdered)).kind).toBe(kind);
    expect(asked).toStrictEqual(['ada: DELETE /job/42_7']);
  });
});

describe('A cancel of a whole sweep', () => {
  /** Ada's order to stop all of array 42. */
  const whole = (): CancelOrder => {
    const { cancellation, task } = order(0, 'RUNNING', { message: null });
    const ref = { jobId: 42, taskNumber: 1, instance: null };
    const master = task === null ? null : { ...task, ref, type: 'PARAMETRIC_SWEEP' as const };
    return { cancellation: { ...cancellation, instance: null }, ref, task: master, isEscalation: false };
  };

  test('whose answer never came is with Slurm where any of its elements is being stopped, whatever had ended before', async () => {
    const answer = (): SlurmReply => ({ kind: 'UNKNOWN', message: 'no answer' });
    const partly = open({
      states: new Map([
        [1, 'COMPLETED'],
        [2, 'CANCELLED+COMPLETING'],
      ]),
      answer,
    });
    const over = open({
      states: new Map([
        [1, 'COMPLETED'],
        [2, 'FAILED'],
      ]),
      answer,
    });
    const kinds = [partly, over].map(async ({ cancels, cancel }) => {
      await cancel(whole());
      return (await cancels.verify(whole())).kind;
    });
    expect(await Promise.all(kinds)).toStrictEqual(['DELIVERED', 'OVER']);
  });
});

describe('A grace period that is shorter than that of the cluster', () => {
  const short = { gracePeriodSeconds: 2, message: null };

  test('is SIGTERM, then SIGKILL until it has an effect, and in the end the ordinary cancel', async () => {
    const { cancels, cancel, clock, asked, expected, live } = open({ states: new Map([[7, 'RUNNING']]) });
    const asOrdered = order(7, 'RUNNING', short);
    expect(await cancel(asOrdered)).toStrictEqual([DELIVERED]);
    live.push({ ...asOrdered.cancellation, graceExpiresAt: clock.now() + 2_000 });
    const asks: number[] = [];
    for (let half = 0; half < 16; half += 1) {
      cancels.expire();
      await setImmediate();
      asks.push(asked.length);
      clock.advance(500);
    }
    expect(asked).toStrictEqual([
      'ada: DELETE /job/42_7?signal=TERM',
      ...Array.from({ length: 3 }, () => 'ada: scancel --batch --signal=KILL 42_7'),
      'ada: DELETE /job/42_7',
    ]);
    expect(asks).toStrictEqual([1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5]);
    expect(new Set(expected)).toStrictEqual(new Set(['42_7']));
  });

  test('is over when the task ends by SIGTERM: nothing is killed', async () => {
    const states = new Map([[7, 'RUNNING']]);
    const { cancels, cancel, clock, asked, live } = open({ states });
    const asOrdered = order(7, 'RUNNING', short);
    await cancel(asOrdered);
    live.push({ ...asOrdered.cancellation, graceExpiresAt: clock.now() + 2_000 });
    states.set(7, 'COMPLETED');
    clock.advance(2_000);
    cancels.expire();
    await setImmediate();
    expect(asked).toStrictEqual(['ada: DELETE /job/42_7?signal=TERM']);
  });

  test('is that of the cluster where nothing can kill sooner, and that is said', async () => {
    const states = new Map([[7, 'RUNNING']]);
    const setting = { states, hasCommands: false, answer: moves(states, 'CANCELLED+COMPLETING') };
    const { cancel, clock, asked } = open(setting);
    expect(await cancel(order(7, 'RUNNING', short))).toStrictEqual([clusters(clock, false)]);
    expect(asked).toStrictEqual(['ada: DELETE /job/42_7']);
  });
});

describe('Force', () => {
  const force = { force: true, gracePeriodSeconds: 0, graceExpiresAt: null, message: null } as const;

  test('kills what runs at once: by scancel, or by REST where that can', async () => {
    const byCommand = open({ states: new Map([[7, 'RUNNING']]) });
    const rest = { version: 40, release: '23.11.6', hasCommands: false } as const;
    const byRest = open({ states: new Map([[7, 'RUNNING']]), ...rest });
    for (const { cancel } of [byCommand, byRest])
      expect(await cancel(order(7, 'RUNNING', force))).toStrictEqual([DELIVERED]);
    expect(byCommand.asked).toStrictEqual(['ada: scancel --batch --signal=KILL 42_7']);
    expect(byRest.asked).toStrictEqual(['ada: DELETE /jobs/ {"jobs":["42_7"],"signal":"KILL","flags":["BATCH_JOB"]}']);
  });

  test('is an ordinary cancel where nothing can kill at once, with the grace period of the cluster', async () => {
    const states = new Map([[7, 'RUNNING']]);
    const setting = { states, hasCommands: false, answer: moves(states, 'CANCELLED+COMPLETING') };
    const { cancel, clock, asked } = open(setting);
    expect(await cancel(order(7, 'RUNNING', force))).toStrictEqual([clusters(clock, true)]);
    expect(asked).toStrictEqual(['ada: DELETE /job/42_7']);
  });

  test('does not kill what waits again: with it Slurm would kill all of the array that waits', async () => {
    const states = new Map([[7, 'PENDING']]);
    const { cancel, asked } = open({ states, answer: moves(states, 'CANCELLED') });
    await cancel(order(7, 'RUNNING', force));
    expect(asked).toStrictEqual(['ada: DELETE /job/42_7']);
  });

  test('that comes after a mere SIGTERM kills; after a cancel Slurm keeps to its KillWait, which is said', async () => {
    const escalation = { ...order(7, 'CANCELING', { ...force, requestedAt: 1_000 }), isEscalation: true };
    const after = open({ states: new Map([[7, 'RUNNING']]) });
    const late = open({ states: new Map([[7, 'CANCELLED+COMPLETING']]) });
    const told = { force: true, gracePeriodSeconds: KILL_WAIT, graceExpiresAt: 1_000 + KILL_WAIT * 1_000 };
    expect(await after.cancel(escalation)).toStrictEqual([DELIVERED]);
    expect(await late.cancel(escalation)).toStrictEqual([{ kind: 'DELIVERED', grace: told }]);
    expect([after.asked, late.asked]).toStrictEqual([['ada: scancel --batch --signal=KILL 42_7'], []]);
  });
});
