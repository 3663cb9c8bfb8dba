import { describe, expect, test } from 'vitest';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { type ObservedTask } from '../remote/RemoteDriver.js';
import { defineJob } from './defineJob.js';
import { JobView } from './JobView.js';
import { readNativeState } from './nativeStates.js';
import { expandNodes, nativeId, parseNativeId } from './observedStatus.js';
import {
  type DetailedRecord,
  observeBasic,
  observeSweep,
  vanishedElements,
  type SweepContext,
} from './observeRecords.js';
import { type SlurmElements, type SlurmJob, type SlurmState } from './SlurmJob.js';
import { UNSAID } from './slurmValues.js';

function record(
  elements: SlurmElements,
  words: string | readonly string[],
  fields: Partial<SlurmState> = {},
): SlurmState {
  return {
    jobId: 42,
    rawId: 42,
    elements,
    state: readNativeState(words),
    reason: 'None',
    user: 'ada',
    submittedAt: 1_000,
    startedAt: 2_000,
    endedAt: null,
    nodes: 'n1',
    ...fields,
  };
}

const WAITS = { nodes: '', startedAt: null } as const;
const one = (instance: number): SlurmElements => ({ kind: 'ONE', instance });
const pending = (text: string | null): SlurmElements => ({
  kind: 'PENDING',
  instances: text === null ? null : InstanceSet.parse(text),
  maxRunning: null,
});
const plain = (each: SlurmState): DetailedRecord => ({ record: each, details: { end: UNSAID, restarts: null } });

const WHOLE: SweepContext = {
  step: 1,
  untouched: InstanceSet.range(1, 10),
  split: InstanceSet.empty(),
  pending: null,
  isWhole: true,
  isGapless: true,
};

function printed({ self, subtasks }: ObservedTask): unknown {
  return {
    self: self?.status.state ?? null,
    subtasks: subtasks.map(({ instances, status }) => [instances.toString(), status.state, status.startedAt]),
  };
}

describe('A job that is no array', () => {
  test.each([
    ['PENDING', { ...WAITS }, 'QUEUED', null],
    ['PENDING', { ...WAITS, reason: 'JobHeldUser' }, 'CONFIGURING', null],
    ['PENDING', { ...WAITS, reason: 'JobHeldAdmin' }, 'QUEUED', null],
    ['CONFIGURING', {}, 'DISPATCHING', 2_000],
    ['RUNNING', {}, 'RUNNING', 2_000],
    ['COMPLETING', {}, 'RUNNING', 2_000],
    [['CANCELLED', 'COMPLETING'], {}, 'CANCELING', 2_000],
    ['CANCELLED', {}, 'CANCELED', 2_000],
    ['CANCELLED', { ...WAITS, startedAt: 2_000 }, 'CANCELED', null],
    ['TIMEOUT', {}, 'FAILED', 2_000],
  ])('that is %s %j is %s', (words, fields, state, startedAt) => {
    const observed = observeBasic(plain(record({ kind: 'NONE' }, words, fields)));
    expect([observed?.self?.status.state, observed?.self?.status.startedAt]).toStrictEqual([state, startedAt]);
  });

  test('in a state that is not known shows nothing', () => {
    expect(observeBasic(plain(record({ kind: 'NONE' }, 'ZOMBIE')))).toBeNull();
  });

  test('that could not be run has failed to start', () => {
    const details = { end: { exitCode: 127, signal: null }, restarts: 0 };
    const observed = observeBasic({ record: record({ kind: 'NONE' }, 'FAILED'), details });
    expect(observed?.self?.status).toMatchObject({ state: 'FAILED', endReason: 'START_FAILED', exitCode: 127 });
  });
});

describe('An array', () => {
  test('shows what is pending together, and what has its own record one by one', () => {
    const records = [record(pending('5-10'), 'PENDING', WAITS), record(one(1), 'RUNNING', { rawId: 43 })];
    const context = { ...WHOLE, split: InstanceSet.range(1, 4), pending: InstanceSet.range(5, 10) };
    expect(printed(observeSweep(records.map(plain), context))).toStrictEqual({
      self: 'QUEUED',
      subtasks: [['1', 'RUNNING', 2_000]],
    });
  });

  test('of which elements are neither pending nor have a record has lost these to a cancel', () => {
    const context = { ...WHOLE, split: InstanceSet.of([1, 2]), pending: InstanceSet.range(5, 9) };
    expect(printed(observeSweep([plain(record(pending('5-9'), 'PENDING', WAITS))], context))).toStrictEqual({
      self: 'QUEUED',
      subtasks: [['3-4,10', 'CANCELED', null]],
    });
  });

  test('of which elements may have run and been forgotten is not said to have lost them', () => {
    const context = { ...WHOLE, split: InstanceSet.of([1, 2]), pending: InstanceSet.range(5, 9), isGapless: false };
    const waiting = [plain(record(pending('5-9'), 'PENDING', WAITS))];
    const canceled = [plain(record(pending(null), 'CANCELLED', { ...WAITS, startedAt: 2_000 }))];
    expect([waiting, canceled].map((records) => printed(observeSweep(records, context)))).toStrictEqual([
      { self: 'QUEUED', subtasks: [] },
      { self: null, subtasks: [] },
    ]);
    expect([waiting, canceled].map((records) => vanishedElements(records, context).toString())).toStrictEqual([
      '3-4,10',
      '3-10',
    ]);
  });

  test('of which not all is known has lost nothing', () => {
    const part = { ...WHOLE, pending: InstanceSet.range(5, 9), isWhole: false };
    const cut = { ...WHOLE, pending: null };
    const records = [plain(record(pending(null), 'PENDING', WAITS))];
    expect([printed(observeSweep(records, part)), printed(observeSweep(records, cut))]).toStrictEqual([
      { self: 'QUEUED', subtasks: [] },
      { self: 'QUEUED', subtasks: [] },
    ]);
  });

  test('whose own record was canceled has no more pending elements, whichever that names', () => {
    const context = { ...WHOLE, split: InstanceSet.of([1, 2]), pending: InstanceSet.empty() };
    const canceled = [plain(record(pending(null), 'CANCELLED', { ...WAITS, startedAt: 2_000 }))];
    expect(printed(observeSweep(canceled, context))).toStrictEqual({
      self: null,
      subtasks: [['3-10', 'CANCELED', null]],
    });
  });
});

describe('What was last seen of a job', () => {
  test('has no record of an array any more whose last pending element has taken it over, also in a part of its records', () => {
    const view = new JobView();
    view.remember([record(pending('3'), 'PENDING', WAITS)], true, 1);
    const before = [view.own?.phase.kind, view.pending?.toString()];
    view.remember([record(one(3), 'RUNNING')], false, 2);
    expect([before, view.own, view.pending?.size]).toStrictEqual([['WAITING', '3'], null, 0]);
  });

  const first = [record(pending('3-9'), 'PENDING', WAITS), record(one(1), 'RUNNING', { rawId: 43 })];

  test('makes the same records no news, and each other state, place, run and list news', () => {
    const view = new JobView();
    view.remember(first, true, 1);
    expect(view.news(first, true)).toStrictEqual({ records: [], gone: [], merged: [] });
    const others = [
      record(pending('4-9'), 'PENDING', WAITS),
      record(pending('3-9'), 'PENDING', { ...WAITS, reason: 'JobHeldUser' }),
      record(one(1), 'COMPLETING', { rawId: 43 }),
      record(one(1), 'RUNNING', { rawId: 43, nodes: 'n2' }),
      record(one(1), 'RUNNING', { rawId: 43, submittedAt: 5_000 }),
      record(one(2), 'RUNNING', { rawId: 44 }),
    ];
    expect(view.news(others, false).records).toStrictEqual(others);
    const reasons = [record(pending('3-9'), 'PENDING', { ...WAITS, reason: 'Resources' })];
    expect(view.news(reasons, false).records).toStrictEqual([]);
  });

  test('tells which records are gone from a whole listing, and none from a part', () => {
    const view = new JobView();
    view.remember(first, true, 1);
    expect([view.news([], false).gone, view.news([], true).gone]).toStrictEqual([[], [1]]);
  });

  test('that may be wrong is news again', () => {
    const view = new JobView();
    view.remember(first, true, 1);
    view.forget(1);
    view.forget(null);
    expect(view.news(first, true).records).toStrictEqual(first);
  });

  test('lists the pending elements of the array, none where it has no record of its own any more', () => {
    const view = new JobView();
    view.remember(first, true, 1);
    const before = view.pending?.toString();
    view.remember([record(one(1), 'RUNNING', { rawId: 43 })], true, 2);
    expect([before, view.pending?.toString(), view.own]).toStrictEqual(['3-9', '', null]);
  });
});

describe('A job that was submitted past the gateway', () => {
  const job = (elements: SlurmElements): SlurmJob => ({
    ...record(elements, 'RUNNING'),
    name: 'a',
    command: '/w/a.sh',
    restarts: 0,
    end: UNSAID,
    comment: '',
    workDirectory: '/w',
    stdoutPath: null,
    stderrPath: null,
    stdinPath: null,
    timeLimit: 60,
    cores: 2,
    isRequeueable: true,
    account: 'grid',
  });

  test('has one task', () => {
    expect(defineJob([job({ kind: 'NONE' })], 9_000)).toMatchObject({
      definition: { owner: 'ada', createdAt: 1_000, spec: { name: 'a', project: 'grid' } },
      spec: { commandLine: '/w/a.sh', sweep: null, minCores: 2, runtimeSeconds: 60 },
    });
  });

  test.each([
    ['5-9', [1, 2, 3, 4], { start: 1, end: 9, increment: 1 }, ''],
    ['', [3], { start: 3, end: 3, increment: 1 }, ''],
    ['10,20,30', [40], { start: 10, end: 40, increment: 10 }, ''],
    ['7-9', [1, 5], { start: 1, end: 9, increment: 1 }, '2-4,6'],
    ['10,40', [20], { start: 10, end: 40, increment: 10 }, '30'],
  ])('has a sweep over the pending %j and the started %j', (list, started, sweep, gaps) => {
    const parts =
      list === '' ? [] : [job({ kind: 'PENDING', instances: InstanceSet.of(valuesOf(list)), maxRunning: null })];
    const [head, ...rest] = [...parts, ...started.map((instance) => job(one(instance)))];
    if (head === undefined) throw new Error('no record');
    const defined = defineJob([head, ...rest], 9_000);
    expect([defined.spec.sweep, defined.gaps.toString()]).toStrictEqual([sweep, gaps]);
  });
});

function valuesOf(list: string): readonly number[] {
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => from + index);
  });
}

test('Nodes are named one by one', () => {
  expect(['', 'n1', 'n[1-3,7],gpu1', 'rack[08-11]-a', 'a[1-2]b[3-4]'].map(expandNodes)).toStrictEqual([
    [],
    ['n1'],
    ['n1', 'n2', 'n3', 'n7', 'gpu1'],
    ['rack08-a', 'rack09-a', 'rack10-a', 'rack11-a'],
    ['a[1-2]b[3-4]'],
  ]);
});

test('A run has a name of its own, which is read again', () => {
  const name = nativeId(record(one(1), 'RUNNING', { rawId: 43, submittedAt: 5_000 }));
  expect([name, parseNativeId(name), parseNativeId('x'), parseNativeId(null)]).toStrictEqual([
    '43@5',
    { rawId: 43, submittedAt: 5_000 },
    null,
    null,
  ]);
});
