import { describe, expect, test } from 'vitest';
import { InstanceSet } from '../../domain/InstanceSet.js';
import { parseRelease, REST_VERSIONS, type RestVersion, type ServedVersions } from './restVersions.js';
import { type CodecAnswer, type SlurmCall, SlurmCodec, type SlurmSubmission } from './SlurmCodec.js';

/** One release that serves each version. */
const RELEASES: Readonly<Record<RestVersion, string>> = {
  38: '22.05.8',
  39: '23.02.7',
  40: '23.11.10',
  41: '24.05.8',
  42: '24.11.7',
  43: '25.05.8',
  44: '25.11.7',
  45: '26.05.3',
};

function codec(version: RestVersion, release = RELEASES[version]): SlurmCodec {
  const endpoints = new Set(['get /jobs', ...(version >= 45 ? ['get /job/{job_id}/requeue'] : [])]);
  const served: ServedVersions = new Map([[version, endpoints]]);
  const parsed = parseRelease(release);
  if (parsed === null) throw new Error(`${release} is no release`);
  return new SlurmCodec(version, parsed, served);
}

function print({ method, path, body }: SlurmCall): string {
  return `${method} ${decodeURIComponent(path)}${body === null ? '' : ` ${JSON.stringify(body)}`}`;
}

function printed(answer: CodecAnswer): readonly string[] {
  return answer.kind === 'CALLS' ? answer.calls.map(print) : [answer.reason];
}

const CANCEL = { name: 'KILL', isDirect: false } as const;
const ELEMENTS = { jobId: 42, instances: InstanceSet.of([3, 5, 6, 7]) };
const JOB = { jobId: 42, instances: null };

describe('A cancel', () => {
  test('of single elements goes a way that kills these and no others, in every version', () => {
    const path = (version: RestVersion): string => `DELETE /slurm/v0.0.${version}/job/42_[3,5-7]`;
    const body = (version: RestVersion): string =>
      `DELETE /slurm/v0.0.${version}/jobs/ {"jobs":["42_[3,5-7]"],"signal":"KILL","flags":["FULL_JOB"]}`;
    expect(REST_VERSIONS.map((version) => printed(codec(version).signal(ELEMENTS, CANCEL)))).toStrictEqual([
      [path(38)],
      ['Slurm 23.02.7 has no cancel of single elements of an array in its REST interface v0.0.39.'],
      [body(40)],
      [body(41)],
      [path(42)],
      [path(43)],
      [path(44)],
      [path(45)],
    ]);
  });

  test.each(['23.02.0', '23.11.5', '23.11.6', '24.05.0', '24.05.8'])(
    'of a single element never names it in the path of v0.0.39 to v0.0.41 on Slurm %s',
    (release) => {
      const all = ([39, 40, 41] as const).map((version) => codec(version, release).signal(ELEMENTS, CANCEL));
      const paths = all.flatMap((answer) => (answer.kind === 'CALLS' ? answer.calls.map(({ path }) => path) : []));
      expect(paths.filter((path) => path.includes('/job/'))).toStrictEqual([]);
    },
  );

  test('of a whole job names it in the path, in every version', () => {
    expect(REST_VERSIONS.map((version) => printed(codec(version).signal(JOB, CANCEL)))).toStrictEqual(
      REST_VERSIONS.map((version) => [`DELETE /slurm/v0.0.${version}/job/42`]),
    );
  });

  test('of many elements is several calls of at most a thousand', () => {
    const many = { jobId: 42, instances: InstanceSet.range(0, 1_999) };
    expect(printed(codec(38).signal(many, CANCEL))).toStrictEqual([
      'DELETE /slurm/v0.0.38/job/42_[0-999]',
      'DELETE /slurm/v0.0.38/job/42_[1000-1999]',
    ]);
  });

  test('encodes what slurmrestd refuses as it stands', () => {
    const answer = codec(38).signal(ELEMENTS, CANCEL);
    expect(answer.kind === 'CALLS' && answer.calls[0]?.path).toBe('/slurm/v0.0.38/job/42_%5B3%2C5-7%5D');
  });

  test('that kills at once sets the flag BATCH_JOB, from v0.0.40 on', () => {
    expect(
      REST_VERSIONS.map((version) => printed(codec(version).signal(JOB, { name: 'KILL', isDirect: true }))),
    ).toStrictEqual([
      ['Slurm 22.05.8 has no kill without KillWait in its REST interface v0.0.38.'],
      ['Slurm 23.02.7 has no kill without KillWait in its REST interface v0.0.39.'],
      ...[40, 41, 42, 43, 44, 45].map((version) => [
        `DELETE /slurm/v0.0.${version}/job/42?signal=KILL&flags=BATCH_JOB`,
      ]),
    ]);
    expect(printed(codec(41).signal(ELEMENTS, { name: 'KILL', isDirect: true }))).toStrictEqual([
      'DELETE /slurm/v0.0.41/jobs/ {"jobs":["42_[3,5-7]"],"signal":"KILL","flags":["BATCH_JOB"]}',
    ]);
  });

  test('may begin with SIGTERM alone, for the batch shell too', () => {
    const term = { name: 'TERM', isDirect: false } as const;
    expect([printed(codec(38).signal(ELEMENTS, term)), printed(codec(40).signal(ELEMENTS, term))]).toStrictEqual([
      ['DELETE /slurm/v0.0.38/job/42_[3,5-7]?signal=TERM'],
      ['DELETE /slurm/v0.0.40/jobs/ {"jobs":["42_[3,5-7]"],"signal":"TERM","flags":["FULL_JOB"]}'],
    ]);
  });
});

test("An element is requeued by its own name: the raw id of one that has its array's own would requeue the whole array", () => {
  const served = new Map([[45, new Set(['get /job/{job_id}/requeue'])]] as const);
  const latest = new SlurmCodec(45, { major: 26, minor: 5, micro: 0 }, served);
  const element = { jobId: 42, instances: InstanceSet.of([7]) };
  expect([printed(latest.requeue(JOB)), printed(latest.requeue(element))]).toStrictEqual([
    ['GET /slurm/v0.0.45/job/42/requeue'],
    ['GET /slurm/v0.0.45/job/42_7/requeue'],
  ]);
});

describe('A submission', () => {
  const submission: SlurmSubmission = {
    name: 'a',
    script: '#!/bin/sh\n',
    array: '1-9:2',
    environment: [['PATH', '/bin']],
    workDirectory: '/w',
    stdoutPath: '%a.out',
    stderrPath: null,
    stdinPath: null,
    cores: 2,
    timeLimit: 90,
    isRequeueable: true,
    comment: 'c',
    isHeld: true,
  };

  test('is an object of plain values in v0.0.38, and has lists and wrapped numbers later', () => {
    const job = (environment: unknown, timeLimit: unknown): unknown => ({
      script: '#!/bin/sh\n',
      job: {
        name: 'a',
        current_working_directory: '/w',
        environment,
        tasks: 1,
        cpus_per_task: 2,
        requeue: true,
        array: '1-9:2',
        standard_output: '%a.out',
        comment: 'c',
        hold: true,
        time_limit: timeLimit,
      },
    });
    expect(REST_VERSIONS.map((version) => codec(version).submit(submission))).toStrictEqual([
      { method: 'POST', path: '/slurm/v0.0.38/job/submit', body: job({ PATH: '/bin' }, 2) },
      ...[39, 40, 41, 42, 43, 44, 45].map((version) => ({
        method: 'POST',
        path: `/slurm/v0.0.${version}/job/submit`,
        body: job(['PATH=/bin'], { set: true, infinite: false, number: 2 }),
      })),
    ]);
  });
});

describe('A change', () => {
  test('of single elements is made where the version changes them alone', () => {
    expect(REST_VERSIONS.map((version) => printed(codec(version).comment(ELEMENTS, 'm')))).toStrictEqual([
      ['POST /slurm/v0.0.38/job/42_[3,5-7] {"comment":"m"}'],
      ...([39, 40, 41, 42, 43, 44, 45] as const).map((version) => [
        `Slurm ${RELEASES[version]} has no change of single elements of an array in its REST interface v0.0.${version}.`,
      ]),
    ]);
  });

  test('of a whole job is made in every version', () => {
    expect(REST_VERSIONS.map((version) => printed(codec(version).hold(JOB, false)))).toStrictEqual(
      REST_VERSIONS.map((version) => [`POST /slurm/v0.0.${version}/job/42 {"hold":false}`]),
    );
  });

  test('back into the queue is made where it is served', () => {
    const answers = ([44, 45] as const).map((version) => printed(codec(version).requeue(JOB)));
    expect(answers).toStrictEqual([
      ['Slurm 25.11.7 has no requeue in its REST interface v0.0.44.'],
      ['GET /slurm/v0.0.45/job/42/requeue'],
    ]);
  });
});
