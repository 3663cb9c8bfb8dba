import { describe, expect, test } from 'vitest';
import { bookmarkable } from './bookmarkable.js';
import { durable } from './durable.js';
import { everyCancelEnds } from './everyCancelEnds.js';
import {
  type AcceptedCommand,
  type FinalState,
  type History,
  type ReaderEvent,
  type RecordedChange,
  type Recording,
} from './History.js';
import { ordered } from './ordered.js';
import { reliable } from './reliable.js';
import { resumable } from './resumable.js';
import { terminalIsTerminal } from './terminalIsTerminal.js';
import { unique } from './unique.js';
import { validateRecording } from './validateRecording.js';
import { type Verdict } from './Verdict.js';

/** A sweep "1.1" of two, canceled while its first subtask runs. */
const LOG: readonly RecordedChange[] = [
  change(1, '1.1', null, 'QUEUED', 'CREATED'),
  change(2, '1.1.1', null, 'QUEUED', 'CREATED'),
  change(3, '1.1.2', null, 'QUEUED', 'CREATED'),
  change(4, '1.1.1', 'QUEUED', 'RUNNING', 'STARTED'),
  change(5, '1.1', 'QUEUED', 'RUNNING', 'STARTED'),
  change(6, '1.1.1', 'RUNNING', 'CANCELING', 'CANCEL_REQUESTED'),
  change(7, '1.1.2', 'QUEUED', 'CANCELED', 'CANCEL_REQUESTED'),
  change(8, '1.1', 'RUNNING', 'CANCELING', 'CANCEL_REQUESTED'),
  change(9, '1.1.1', 'CANCELING', 'FAILED', 'EXITED'),
  change(10, '1.1', 'CANCELING', 'CANCELED', 'EXITED'),
];

const CANCEL: AcceptedCommand = { kind: 'CANCEL', id: '1.1', cursor: 'c5', cancellationId: 'x' };
const COMMANDS: readonly AcceptedCommand[] = [
  { kind: 'CREATE', id: '1.1', cursor: 'start', cancellationId: null },
  CANCEL,
];

const FINALS: readonly FinalState[] = [
  { id: '1', state: 'CANCELED', cancellation: null },
  { id: '1.1', state: 'CANCELED', cancellation: { id: 'x', phase: 'COMPLETED' } },
  { id: '1.1.1', state: 'FAILED', cancellation: { id: 'x', phase: 'COMPLETED' } },
];

function change(place: number, id: string, previousState: string | null, state: string, cause: string): RecordedChange {
  const occurredAt = `2026-11-23T05:20:25.${String(place).padStart(3, '0')}Z`;
  return { cursor: `c${place}`, id, previousState, state, cause, message: null, actor: null, occurredAt };
}

function at(place: number): RecordedChange {
  const found = LOG[place - 1];
  if (found === undefined) throw new Error(`the log ends before ${place}`);
  return found;
}

const opened = (after: string | null): ReaderEvent => ({ kind: 'OPENED', after, snapshot: after === null });
const got = (...places: readonly number[]): readonly ReaderEvent[] =>
  places.map(at).map((one) => ({ kind: 'CHANGES', cursor: one.cursor, changes: [one] }));
const closed: ReaderEvent = { kind: 'CLOSED' };
const drained: ReaderEvent = { kind: 'DRAINED' };
const bookmark = (cursor: string): ReaderEvent => ({ kind: 'BOOKMARK', cursor });

type Events = readonly (ReaderEvent | readonly ReaderEvent[])[];

function history(...events: Events): History {
  return { reader: 'r', road: 'taskFeed', scope: { jobId: null, taskId: null }, events: events.flat() };
}

function recording(histories: readonly History[], changed: Partial<Recording> = {}): Recording {
  const log = changed.log ?? LOG;
  const places = new Map(log.map(({ cursor }, index) => [cursor, index + 1]));
  places.set('start', 0);
  return {
    log,
    logIsWhole: true,
    isElsewhere: false,
    reusesIds: false,
    places,
    histories,
    commands: COMMANDS,
    finals: FINALS,
    ...changed,
  };
}

const RIGHT: readonly History[] = [
  history(opened('start'), got(1, 2, 3), closed, opened('c3'), got(4, 5, 6, 7, 8, 9, 10), drained),
  history(
    opened(null),
    {
      kind: 'SNAPSHOT',
      cursor: 'c5',
      isLast: true,
      tasks: [
        { id: '1.1', state: 'RUNNING' },
        { id: '1.1.1', state: 'RUNNING' },
      ],
    },
    got(6, 7, 8),
    bookmark('c8'),
    got(9, 10),
    bookmark('c10'),
    drained,
  ),
  history(
    opened('c5'),
    got(6),
    { kind: 'GAP', cursor: 'c7', reason: 'SLOW_CONSUMER' },
    { kind: 'SNAPSHOT', cursor: 'c8', isLast: true, tasks: [{ id: '1.1', state: 'CANCELING' }] },
    got(9, 10),
    drained,
  ),
  history(opened('c1'), {
    kind: 'RANGES',
    cursor: 'c5',
    ranges: [
      { ids: ['1.1.1', '1.1.2'], count: 2, previousState: null, state: 'QUEUED', cause: 'CREATED', message: null },
      { ids: ['1.1.1'], count: 1, previousState: 'QUEUED', state: 'RUNNING', cause: 'STARTED', message: null },
      { ids: ['1.1'], count: 1, previousState: 'QUEUED', state: 'RUNNING', cause: 'STARTED', message: null },
    ],
  }),
  { ...history(opened('c5'), got(6, 9), drained), scope: { jobId: '1', taskId: '1.1' } },
];

test('A right recording has something to check for every guarantee, and violates none', () => {
  const verdicts = validateRecording(recording(RIGHT));
  expect(verdicts.map(({ guarantee, checked, offences }) => [guarantee, checked > 0, offences])).toEqual([
    ['ordered', true, []],
    ['unique', true, []],
    ['reliable', true, []],
    ['resumable', true, []],
    ['bookmarkable', true, []],
    ['durable', true, []],
    ['terminal-is-terminal', true, []],
    ['every-cancel-ends', true, []],
  ]);
});

const problems = ({ offences }: Verdict): readonly string[] => offences.map(({ problem }) => problem);
const ofReader = (validate: (recorded: Recording) => Verdict, ...events: Events): readonly string[] =>
  problems(validate(recording([...RIGHT, history(...events)])));
const ofLog = (validate: (recorded: Recording) => Verdict, changed: Partial<Recording>): readonly string[] =>
  problems(validate(recording([], changed)));

describe('Ordered', () => {
  test('finds changes in another order than the log has', () => {
    expect(ofReader(ordered, opened('c5'), got(7, 6))).toEqual([
      'came after a later one: 1.1.1 RUNNING -> CANCELING (CANCEL_REQUESTED)',
    ]);
  });

  test('finds them over a reconnect', () => {
    expect(ofReader(ordered, opened('c5'), got(6, 7), closed, opened('c5'), got(6))).toContain(
      'came after a later one: 1.1.1 RUNNING -> CANCELING (CANCEL_REQUESTED)',
    );
  });

  test('finds a previous state that is not the former state', () => {
    expect(ofReader(ordered, opened('c3'), got(4, 9))).toEqual([
      'former state is RUNNING: 1.1.1 CANCELING -> FAILED (EXITED)',
    ]);
    expect(ofLog(ordered, { log: LOG.slice(3) })).toContain(
      'former state is nothing: 1.1.1 QUEUED -> RUNNING (STARTED)',
    );
  });

  test('finds a change that does not follow from the snapshot', () => {
    expect(
      ofReader(
        ordered,
        opened(null),
        { kind: 'SNAPSHOT', cursor: 'c3', isLast: true, tasks: [{ id: '1.1.1', state: 'QUEUED' }] },
        got(6),
      ),
    ).toEqual(['former state is QUEUED: 1.1.1 RUNNING -> CANCELING (CANCEL_REQUESTED)']);
  });
});

describe('Unique', () => {
  test('finds a change that came again after a reconnect', () => {
    expect(ofReader(unique, opened('start'), got(1, 2), closed, opened('c2'), got(2, 3))).toEqual([
      'came twice: 1.1.1 nothing -> QUEUED (CREATED), cursor c2',
    ]);
  });

  test('finds it in the log', () => {
    expect(ofLog(unique, { log: [...LOG, at(10)] })).toEqual(['came twice: 1.1 CANCELING -> CANCELED (EXITED)']);
  });
});

describe('Reliable', () => {
  test('finds a change that was left out, live', () => {
    expect(ofReader(reliable, opened(null), got(4, 6))).toEqual([
      'missed before the change with cursor c6: 1.1 QUEUED -> RUNNING (STARTED)',
    ]);
  });

  test('finds it over a reconnect', () => {
    expect(ofReader(reliable, opened('c3'), got(4), closed, opened('c4'), got(6))).toEqual([
      'missed before the change with cursor c6: 1.1 QUEUED -> RUNNING (STARTED)',
    ]);
  });

  test('finds it before a bookmark, and at the end', () => {
    expect(ofReader(reliable, opened('c8'), bookmark('c9'), got(10), drained)).toEqual([
      'missed before the bookmark with cursor c9: 1.1.1 CANCELING -> FAILED (EXITED)',
    ]);
    expect(ofReader(reliable, opened('c8'), got(9), drained)).toEqual([
      'missed until the end: 1.1 CANCELING -> CANCELED (EXITED)',
    ]);
  });

  test('finds a snapshot that shows another state than the log, one that leaves out a task, and one that nothing announced', () => {
    const tasks = [{ id: '1.1.1', state: 'RUNNING' }];
    expect(ofReader(reliable, opened('c5'), got(6), { kind: 'SNAPSHOT', cursor: 'c6', isLast: true, tasks })).toEqual([
      'a snapshot came that no gap announced, cursor c6',
      'the snapshot shows 1.1.1 RUNNING; at its cursor the log has it CANCELING',
      'the snapshot at c6 leaves out 1.1',
    ]);
  });

  test('finds ranges that tell another story', () => {
    const range = { previousState: 'QUEUED', state: 'RUNNING', cause: 'STARTED', message: null };
    expect(
      ofReader(reliable, opened('c3'), {
        kind: 'RANGES',
        cursor: 'c5',
        ranges: [{ ...range, ids: ['1.1.1', '1.1.2'], count: 3 }],
      }),
    ).toEqual([
      'says 3 of 2: 1.1.1 1.1.2',
      'ranges until c5 tell of 1.1.2: 1.1.2 QUEUED -> RUNNING (STARTED) null; the log: nothing',
      'ranges until c5 tell of 1.1: nothing; the log: 1.1 QUEUED -> RUNNING (STARTED) null',
    ]);
  });
});

describe('Resumable', () => {
  test('finds a suffix that begins elsewhere', () => {
    expect(ofReader(resumable, opened('c8'), got(10))).toEqual([
      'got 1.1 CANCELING -> CANCELED (EXITED); the log goes on with 1.1.1 CANCELING -> FAILED (EXITED)',
    ]);
  });

  test('finds a field that differs', () => {
    const other = { ...at(9), message: 'other' };
    expect(ofReader(resumable, opened('c8'), { kind: 'CHANGES', cursor: 'c9', changes: [other] })).toHaveLength(1);
  });

  test('finds changes of tasks that the reader did not ask for', () => {
    const narrow = { ...history(opened('c5'), got(6, 7)), scope: { jobId: '1', taskId: '1.1' } };
    expect(problems(resumable(recording([narrow])))).toEqual([
      'got 1.1.2 QUEUED -> CANCELED (CANCEL_REQUESTED); the log goes on with 1.1.1 CANCELING -> FAILED (EXITED)',
    ]);
  });
});

describe('Bookmarkable', () => {
  test('finds a change at or before a bookmark', () => {
    expect(ofReader(bookmarkable, opened('c7'), bookmark('c8'), got(8))).toEqual([
      'came although it is before a bookmark: 1.1 RUNNING -> CANCELING (CANCEL_REQUESTED)',
    ]);
  });

  test('finds a change that the snapshot has in it already', () => {
    const snapshot: ReaderEvent = { kind: 'SNAPSHOT', cursor: 'c8', isLast: true, tasks: [] };
    expect(ofReader(bookmarkable, opened(null), snapshot, got(8))).toHaveLength(1);
  });

  test('finds a bookmark that goes back', () => {
    expect(ofReader(bookmarkable, opened('c7'), bookmark('c8'), bookmark('c7'))).toEqual(['a bookmark goes back: c7']);
  });
});

describe('Durable', () => {
  test('finds a change that a reader got and the log lost', () => {
    expect(problems(durable(recording(RIGHT.slice(0, 1), { log: LOG.slice(0, 9), finals: [], commands: [] })))).toEqual(
      ['got 1.1 CANCELING -> CANCELED (EXITED); with its cursor the log holds nothing'],
    );
  });

  test('finds an accepted command without an effect', () => {
    const cursor = 'c10';
    const lost: readonly AcceptedCommand[] = [
      { kind: 'CREATE', id: '2.1', cursor, cancellationId: null },
      { kind: 'REQUEUE', id: '1', cursor, cancellationId: null },
    ];
    expect(ofLog(durable, { commands: [...COMMANDS, ...lost] })).toEqual([
      'CREATE of 2.1 was accepted; the log shows no effect behind c10',
      'REQUEUE of 1 was accepted; the log shows no effect behind c10',
    ]);
  });

  test.each(['CANCEL', 'FINISH'] as const)(
    'finds a %s of a job all of whose tasks were over, which only a scheduler elsewhere may accept',
    (kind) => {
      const commands: readonly AcceptedCommand[] = [{ kind, id: '1', cursor: 'c10', cancellationId: null }];
      expect(ofLog(durable, { commands, isElsewhere: true })).toEqual([]);
      expect(ofLog(durable, { commands })).toEqual([`${kind} of 1 was accepted; the log shows no effect behind c10`]);
    },
  );

  test.each([
    ['a requeue of such a job', { kind: 'REQUEUE', id: '1', cursor: 'c10' }],
    ['a cancel of one of its tasks', { kind: 'CANCEL', id: '1.1', cursor: 'c10' }],
    ['a cancel of a job without tasks', { kind: 'CANCEL', id: '2', cursor: 'c10' }],
  ] as const)('finds, elsewhere too, %s without an effect', (_, command) => {
    const commands: readonly AcceptedCommand[] = [{ ...command, cancellationId: null }];
    expect(ofLog(durable, { commands, isElsewhere: true })).toHaveLength(1);
  });

  test('finds a task that is shown in another state than its last change', () => {
    expect(ofLog(durable, { finals: [{ id: '1.1.1', state: 'RUNNING', cancellation: null }] })).toEqual([
      '1.1.1 is shown RUNNING; its last change was to FAILED',
    ]);
  });
});

describe('Terminal is terminal', () => {
  test('finds a terminal state that was left without a requeue', () => {
    const left = change(11, '1.1.1', 'FAILED', 'RUNNING', 'OBSERVED');
    const events: ReaderEvent = { kind: 'CHANGES', cursor: 'c11', changes: [left] };
    expect(terminalIsTerminal(recording([history(events)], { log: [...LOG, left] })).offences).toEqual([
      { reader: 'log', problem: 'left FAILED: 1.1.1 FAILED -> RUNNING (OBSERVED)' },
      { reader: 'r', problem: 'left FAILED: 1.1.1 FAILED -> RUNNING (OBSERVED)' },
    ]);
  });

  test('lets a requeue leave it', () => {
    expect(
      ofLog(terminalIsTerminal, { log: [...LOG, change(11, '1.1.1', 'FAILED', 'SUBMITTED', 'REQUEUED')] }),
    ).toEqual([]);
  });
});

describe('Another task with the id of a forgotten one', () => {
  const made = change(11, '1.1.1', null, 'QUEUED', 'CREATED');
  const early = [...LOG.slice(0, 8), { ...made, cursor: 'c9' }];

  test('is taken only where the scheduler can forget jobs', () => {
    const log = [...LOG, made];
    const found = ['former state is FAILED: 1.1.1 nothing -> QUEUED (CREATED)'];
    expect(ofLog(ordered, { log })).toEqual(found);
    expect(ofLog(terminalIsTerminal, { log })).toEqual(['left FAILED: 1.1.1 nothing -> QUEUED (CREATED)']);
    expect(ofLog(ordered, { log, reusesIds: true })).toEqual([]);
    expect(ofLog(terminalIsTerminal, { log, reusesIds: true })).toEqual([]);
  });

  test('is found where the forgotten one had not ended', () => {
    expect(ofLog(ordered, { log: early, reusesIds: true })).toEqual([
      'former state is CANCELING: 1.1.1 nothing -> QUEUED (CREATED)',
    ]);
  });

  test('is found where a task that was over goes on in another way', () => {
    const log = [...LOG, change(11, '1.1.1', 'FAILED', 'RUNNING', 'OBSERVED')];
    expect(ofLog(terminalIsTerminal, { log, reusesIds: true })).toEqual([
      'left FAILED: 1.1.1 FAILED -> RUNNING (OBSERVED)',
    ]);
  });
});

describe('Every cancel ends', () => {
  test('takes it that what was canceled is not shown only where its id was given to another job after it had ended', () => {
    const commands = [{ ...CANCEL, id: '1.1.1', cursor: 'c5' }];
    const finals: readonly FinalState[] = [{ id: '1.1', state: 'FINISHED', cancellation: null }];
    const log = [...LOG, change(11, '1.1', null, 'FINISHED', 'CREATED')];
    expect(ofLog(everyCancelEnds, { log, commands, finals, reusesIds: true })).toEqual([]);
    expect(ofLog(everyCancelEnds, { log, commands, finals })).toEqual(['1.1.1 is not shown']);
    expect(ofLog(everyCancelEnds, { commands, finals, reusesIds: true })).toEqual(['1.1.1 is not shown']);
  });

  test('finds a task that became CANCELING and never ended', () => {
    expect(ofLog(everyCancelEnds, { log: LOG.slice(0, 9), commands: [] })).toEqual([
      'never ended: 1.1 RUNNING -> CANCELING (CANCEL_REQUESTED)',
    ]);
  });

  test('finds an accepted cancel of a task that goes on', () => {
    const commands = [{ ...CANCEL, cursor: 'c10' }];
    const finals: readonly FinalState[] = [{ id: '1.1', state: 'RUNNING', cancellation: null }];
    expect(ofLog(everyCancelEnds, { commands, finals })).toEqual([
      'cancel x of 1.1 was accepted at c10; it has not ended since',
      '1.1 is RUNNING',
    ]);
  });

  test('finds a cancellation that stays in its grace period', () => {
    const finals: readonly FinalState[] = [
      { id: '1.1', state: 'CANCELED', cancellation: { id: 'x', phase: 'GRACE_PERIOD' } },
    ];
    expect(ofLog(everyCancelEnds, { finals })).toEqual(['cancellation x of 1.1 is GRACE_PERIOD for ever']);
  });
});
