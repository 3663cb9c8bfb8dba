import { describe, expect, test } from 'vitest';
import { readJobs } from './SlurmJob.js';
import { REST_VERSIONS, type RestVersion } from './restVersions.js';

/** A number, a time and an exit status as this version writes them. */
function forms(version: RestVersion): {
  readonly number: (value: number | null) => unknown;
  readonly time: (value: number) => unknown;
  readonly state: (...words: readonly string[]) => unknown;
  readonly exit: (code: number, signal: number) => unknown;
} {
  const wrap = (value: number | null): unknown => ({ set: value !== null, infinite: false, number: value ?? 0 });
  const status = (code: number, signal: number): number => (code << 8) | signal;
  return {
    number: (value) => (version === 38 ? value : wrap(value)),
    time: (value) => (version < 40 ? value : wrap(value)),
    state: (...words) => (version < 40 ? words.at(-1) : words),
    exit: (code, signal) => {
      if (version === 38) return status(code, signal);
      if (version === 39) return wrap(status(code, signal));
      return {
        status: [signal !== 0 ? 'SIGNALED' : code === 0 ? 'SUCCESS' : 'ERROR'],
        return_code: wrap(signal === 0 ? code : null),
        signal: { id: wrap(signal === 0 ? null : signal), name: signal === 9 ? 'KILL' : '' },
      };
    },
  };
}

/** An array of which one element has failed, one is being canceled and the rest is pending, and a job that is none, in this version's form. */
function body(version: RestVersion): unknown {
  const { number, time, state, exit } = forms(version);
  const common = {
    account: 'grid',
    command: '/w/sweep.sh',
    comment: 'why',
    cpus: number(2),
    current_working_directory: '/w',
    name: 'sweep',
    requeue: true,
    restart_cnt: 1,
    standard_error: '/w/e',
    standard_input: '',
    standard_output: '/w/o',
    submit_time: time(1_000),
    time_limit: number(3),
    user_name: 'ada',
    array_job_id: number(42),
  };
  const alone = { array_job_id: number(0), array_task_id: number(null), array_task_string: '' };
  return {
    meta: {},
    errors: [],
    jobs: [
      {
        ...common,
        job_id: 42,
        array_task_id: number(null),
        array_task_string: '7-19%4',
        job_state: state('PENDING'),
        state_reason: 'Resources',
        start_time: time(9_999),
        end_time: time(0),
        nodes: '',
        exit_code: exit(0, 0),
      },
      {
        ...common,
        job_id: 43,
        array_task_id: number(5),
        array_task_string: '',
        job_state: state('FAILED'),
        state_reason: 'NonZeroExitCode',
        start_time: time(1_010),
        end_time: time(1_020),
        nodes: 'n1',
        exit_code: exit(7, 0),
      },
      {
        ...common,
        job_id: 44,
        array_task_id: number(6),
        array_task_string: '',
        job_state: state('CANCELLED', 'COMPLETING'),
        state_reason: 'None',
        start_time: time(1_010),
        end_time: time(1_030),
        nodes: 'n[1-2]',
        exit_code: exit(0, 9),
      },
      {
        ...common,
        ...alone,
        job_id: 50,
        job_state: state('RUNNING'),
        state_reason: 'None',
        start_time: time(1_010),
        end_time: time(9_999),
        nodes: 'n2',
        time_limit: version === 38 ? 0xffff_ffff : { set: true, infinite: true, number: 0 },
        exit_code: exit(0, 0),
      },
      { job_id: 51 },
      'nonsense',
    ],
  };
}

describe('Job records', () => {
  test.each(REST_VERSIONS)('of v0.0.%i are read alike, whatever their form', (version) => {
    const jobs = readJobs(body(version)).map(({ elements, state, ...rest }) => ({
      ...rest,
      state: state.text,
      elements:
        elements.kind === 'PENDING'
          ? `${elements.instances?.toString() ?? '?'} at most ${elements.maxRunning ?? '?'}`
          : elements.kind === 'ONE'
            ? elements.instance
            : null,
    }));
    const common = {
      user: 'ada',
      name: 'sweep',
      command: '/w/sweep.sh',
      submittedAt: 1_000_000,
      restarts: 1,
      comment: 'why',
      workDirectory: '/w',
      stdoutPath: '/w/o',
      stderrPath: '/w/e',
      stdinPath: null,
      timeLimit: 180,
      cores: 2,
      isRequeueable: true,
      account: 'grid',
    };
    expect(jobs).toStrictEqual([
      {
        ...common,
        jobId: 42,
        rawId: 42,
        elements: '7-19 at most 4',
        state: 'PENDING',
        startedAt: null,
        endedAt: null,
        reason: 'Resources',
        nodes: '',
        end: { exitCode: 0, signal: null },
      },
      {
        ...common,
        jobId: 42,
        rawId: 43,
        elements: 5,
        state: 'FAILED',
        startedAt: 1_010_000,
        endedAt: 1_020_000,
        reason: 'NonZeroExitCode',
        nodes: 'n1',
        end: { exitCode: 7, signal: null },
      },
      {
        ...common,
        jobId: 42,
        rawId: 44,
        elements: 6,
        state: version < 40 ? 'COMPLETING' : 'CANCELLED+COMPLETING',
        startedAt: 1_010_000,
        endedAt: null,
        reason: 'None',
        nodes: 'n[1-2]',
        end: { exitCode: null, signal: 'SIGKILL' },
      },
      {
        ...common,
        jobId: 50,
        rawId: 50,
        elements: null,
        state: 'RUNNING',
        startedAt: 1_010_000,
        endedAt: null,
        reason: 'None',
        nodes: 'n2',
        timeLimit: null,
        end: { exitCode: 0, signal: null },
      },
    ]);
  });

  test.each([null, 'text', [], {}, { jobs: 'x' }])('are none in %j', (value) => {
    expect(readJobs(value)).toStrictEqual([]);
  });
});
