import { describe, expect, test } from 'vitest';
import { type Viewer } from '../../domain/access.js';
import { type JobSpec, type TaskSpec } from '../../domain/Job.js';
import { type CreateJob } from '../scheduler.js';
import { type SlurmReply } from './readReply.js';
import { SlurmCodec } from './SlurmCodec.js';
import { DEFAULT_LIMITS } from './slurmLimits.js';
import { SlurmSubmissions } from './SlurmSubmissions.js';
import { ManualClock } from '../../../test/support/ManualClock.js';
import { taskSpec } from '../../../test/support/taskSpec.js';

const DONE: SlurmReply = { kind: 'DONE', body: {} };
const DROPPED: SlurmReply = { kind: 'REFUSED', problem: 'UNAUTHENTICATED', message: 'Slurm says: Zero Bytes (5005)' };
const NO_JOBS: SlurmReply = { kind: 'DONE', body: { jobs: [] } };
const ada: Viewer = { user: 'ada', scopes: new Set(['READ', 'SUBMIT']) };

/** Submissions to a Slurm that answers calls so; `asked` is what it was asked for. */
function open(answer: (asked: string) => SlurmReply) {
  const clock = new ManualClock();
  const asked: string[] = [];
  const codec = new SlurmCodec(38, { major: 22, minor: 5, micro: 8 }, new Map());
  const submissions = new SlurmSubmissions({
    link: {
      status: { isUp: true, codec },
      call: (_user, write) => {
        const { method, path } = write(codec);
        const text = `${method} ${path.replace('/slurm/v0.0.38', '')}`;
        asked.push(text);
        return Promise.resolve(answer(text));
      },
    },
    serviceUser: 'slurm',
    clock,
    limits: () => ({ ...DEFAULT_LIMITS, maxArraySize: 1_001 }),
  });
  return { submissions, clock, asked };
}

function job(spec: Partial<JobSpec>, ...tasks: readonly TaskSpec[]): CreateJob {
  const plain = {
    name: 'a',
    priority: 'NORMAL',
    project: null,
    runUntilCanceled: false,
    failOnTaskFailure: false,
  } as const;
  return { spec: { ...plain, ...spec }, tasks, submit: true, idempotencyKey: null };
}

const one = taskSpec();
const sweep = (last: number): TaskSpec => taskSpec({ sweep: { start: 0, end: last, increment: 1 } });

test.for<readonly [what: string, request: CreateJob, path: readonly string[] | null]>([
  ['several tasks', job({}, one, one), ['input', 'tasks']],
  ['no task', job({}), ['input', 'tasks']],
  ['a priority', job({ priority: 'HIGHEST' }, one), ['input', 'priority']],
  ['no end', job({ runUntilCanceled: true }, one), ['input', 'runUntilCanceled']],
  [
    'an end at the first failure of a sweep',
    job({ failOnTaskFailure: true }, sweep(9)),
    ['input', 'failOnTaskFailure'],
  ],
  ['values above MaxArraySize', job({}, sweep(1_001)), ['input', 'tasks', '0', 'sweep']],
  ['the largest array', job({ failOnTaskFailure: false }, sweep(1_000)), null],
  ['an end at the failure of its one task', job({ failOnTaskFailure: true }, one), null],
])('A job with %s is refused at its place in the input, or taken', ([, request, path]) => {
  const { submissions } = open(() => DONE);
  const refusal = submissions.check(request);
  expect(refusal === null ? null : [refusal.kind, 'path' in refusal ? refusal.path : null]).toStrictEqual(
    path === null ? null : ['SCHEDULER', path],
  );
});

describe('A submission whose answer never came', () => {
  test('is one, too, where slurmctld went away in the middle, and a token that is refused is none', async () => {
    const away = open((asked) => (asked.startsWith('POST') ? DROPPED : DONE));
    const refused = open(() => DROPPED);
    expect(await away.submissions.create(ada, job({}, one), 's1')).toBe('UNKNOWN');
    expect(await refused.submissions.create(ada, job({}, one), 's1')).toStrictEqual({
      ok: false,
      refusals: [
        {
          kind: 'SCHEDULER',
          code: 'SCHEDULER_REFUSED',
          message: "Slurm does not take the gateway's word for user ada.",
          path: null,
          retryAfterSeconds: null,
        },
      ],
    });
  });

  test('is found by its id in the comment of a job of the same user', async () => {
    const record = { job_id: 42, job_state: 'PENDING', user_name: 'ada', comment: 'taskgate:s1' };
    const answers = [
      { ...record, job_id: 41, user_name: 'eve' },
      { ...record, job_id: 40, comment: 'taskgate:s10' },
      record,
    ];
    const { submissions } = open(() => ({ kind: 'DONE', body: { jobs: answers } }));
    expect(await submissions.trace(ada, 's1', 0)).toStrictEqual({
      kind: 'FOUND',
      submitted: { jobId: 42, nativeState: null },
    });
  });

  test('is known by its comment when it was first seen, whatever becomes of that and of the job', async () => {
    const { submissions, clock } = open((asked) =>
      asked.startsWith('POST') ? { kind: 'UNKNOWN', message: 'no answer' } : NO_JOBS,
    );
    const creating = submissions.create(ada, job({}, one), 's1');
    const begunAt = clock.now();
    submissions.note({ jobId: 41, comment: 'taskgate:s1', user: 'eve' });
    submissions.note({ jobId: 42, comment: 'taskgate:s1', user: 'ada' });
    submissions.note({ jobId: 43, comment: 'taskgate:s2', user: 'ada' });
    await creating;
    clock.advance(1_000_000);
    expect(await submissions.trace(ada, 's1', begunAt)).toStrictEqual({
      kind: 'FOUND',
      submitted: { jobId: 42, nativeState: null },
    });
  });

  test('cannot be told any more, and is not made again, once Slurm may have dropped its record', async () => {
    const { submissions, clock } = open(() => NO_JOBS);
    const begunAt = clock.now();
    clock.advance(299_000);
    const early = await submissions.trace(ada, 's1', begunAt);
    clock.advance(1_000);
    const late = await submissions.trace(ada, 's1', begunAt);
    expect([early, late]).toMatchObject([
      { kind: 'NEVER_MADE' },
      {
        kind: 'UNKNOWN',
        refusal: { code: 'SCHEDULER_REFUSED', message: expect.stringMatching(/^It cannot be told any more/) as string },
      },
    ]);
  });

  test('was never made only when slurmrestd can no longer carry it out, also where others came after it', async () => {
    const { submissions, clock } = open((asked) =>
      asked.startsWith('POST') ? { kind: 'UNKNOWN', message: 'no answer' } : NO_JOBS,
    );
    clock.advance(100_000);
    const begunAt = clock.now();
    const kinds: string[] = [];
    const trace = async (id: string): Promise<void> =>
      void kinds.push((await submissions.trace(ada, id, begunAt)).kind);
    await submissions.create(ada, job({}, one), 's1');
    await trace('s1');
    clock.advance(70_001);
    await submissions.create(ada, job({}, one), 's2');
    await trace('s1');
    await trace('s2');
    expect(kinds).toStrictEqual(['UNKNOWN', 'NEVER_MADE', 'UNKNOWN']);
  });
});
