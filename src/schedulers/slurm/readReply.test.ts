import { describe, expect, test } from 'vitest';
import { readReply, type SlurmReply, submittedId } from './readReply.js';

function answered(status: number, body: unknown): SlurmReply {
  return readReply({ kind: 'ANSWERED', status, body });
}

function error(number: number, text: string): unknown {
  return { errors: [{ error_number: number, error: text, source: 'slurm_kill_job' }] };
}

/** What Slurm 22.05 answers in each situation, as it was captured. */
const CAPTURED: readonly (readonly [situation: string, status: number, body: unknown, expected: string])[] = [
  ['a cancel that was done', 200, { meta: {}, errors: [] }, 'DONE'],
  ['an element that has ended', 200, { meta: {}, errors: [] }, 'DONE'],
  ['an unknown id', 500, error(2017, 'Invalid job id specified'), 'NO_SUCH_JOB'],
  ["somebody else's job", 500, error(2002, 'Access/permission denied'), 'DENIED'],
  ['a token that is refused', 500, error(5005, 'Zero Bytes were transmitted or received'), 'UNAUTHENTICATED'],
  ['no token', 401, 'Authentication failure', 'UNAUTHENTICATED'],
  ['a signal without a name', 400, error(9000, 'Query empty or not RFC7320 compliant'), 'INVALID'],
  ['slurmctld down, of a cancel', 500, error(1800, 'Unable to contact slurm controller'), 'UNAVAILABLE'],
  ['slurmctld down, of a read', 500, error(-1, 'Unspecified error'), 'UNAVAILABLE'],
  ['a change of what has ended', 200, error(2084, 'Job has already finished'), 'ENDED'],
  [
    'a change that was made',
    200,
    { errors: [{ description: 'job array update from x failed', source: '_parse_job_list' }] },
    'DONE',
  ],
  ['a submission', 200, { errors: [], job_id: 8, step_id: 'BATCH' }, 'DONE'],
  ['a submission that is held', 200, { errors: [{ error_code: 2042, error: 'Job is held' }], job_id: 9 }, 'DONE'],
  ['a submission that must wait', 200, { errors: [{ error_code: 2015, error: 'not now' }], job_id: 9 }, 'DONE'],
  ['a bad partition', 500, { errors: [{ error_code: 2000, error: 'Invalid partition name' }] }, 'INVALID'],
  ['a bad array', 500, { errors: [{ error_code: 2081, error: 'Invalid job array specification' }] }, 'INVALID'],
  ['no environment', 400, { errors: [{ error_code: 2127, error: 'environment must be set' }] }, 'INVALID'],
  [
    'an unknown key',
    400,
    { errors: [{ description: 'Unknown key "foo"' }, { error_code: 9001, error: 'Failure during parsing' }] },
    'INVALID',
  ],
  ['a body that is no JSON', 400, 'Unable to parse query.', 'UNKNOWN'],
  ['a pending element, of a read', 400, error(9002, 'Unable to find JobId=8_7'), 'NO_SUCH_JOB'],
  ['nothing that has changed', 304, '', 'DONE'],
  ['a path that is not served any more', 404, 'Unable find requested URL', 'UNAVAILABLE'],
  ['a slurmctld that is too busy to answer in time', 500, error(5004, 'Socket timed out on send/recv'), 'UNKNOWN'],
  ['a connection that broke down', 500, error(1802, 'Unable to receive from slurm controller'), 'UNKNOWN'],
  ['a number that is not known', 500, error(9999, 'no idea'), 'OTHER'],
];

/** What Slurm 23.11 and later answer, as its source says. */
const FROM_SOURCE: readonly (readonly [situation: string, status: number, body: unknown, expected: string])[] = [
  ['a list of cancels that were done', 200, { errors: [], status: [{ error: { code: 0 }, job_id: {} }] }, 'DONE'],
  ['a list with one that had ended', 200, { errors: [], status: [{ error: { code: 2021 } }] }, 'DONE'],
  [
    'a list with one that is unknown',
    200,
    { errors: [], status: [{ error: { code: 2017, message: 'Invalid' } }] },
    'NO_SUCH_JOB',
  ],
  ['a list whose answer never came', 500, error(1, 'Operation not permitted'), 'UNKNOWN'],
  ['more than the rate limit allows', 500, error(1804, 'Slurm controller backoff'), 'UNAVAILABLE'],
  ['a requeue that was refused', 200, { errors: [], status: [{ error: 'Denied', error_code: 2002 }] }, 'DENIED'],
  ['a requeue that was done', 200, { errors: [], status: [{ error: 'No error', error_code: 0 }] }, 'DONE'],
  ['warnings', 200, { errors: [], warnings: [{ description: 'No job changes since update_time' }], jobs: [] }, 'DONE'],
];

describe('A reply', () => {
  test.each([...CAPTURED, ...FROM_SOURCE])('to %s', (_situation, status, body, expected) => {
    const reply = answered(status, body);
    expect(reply.kind === 'REFUSED' ? reply.problem : reply.kind).toBe(expected);
  });

  test('that is a refusal has the words and the number of Slurm', () => {
    expect(answered(500, error(2002, 'Access/permission denied'))).toStrictEqual({
      kind: 'REFUSED',
      problem: 'DENIED',
      message: 'Slurm says: Access/permission denied (2002)',
    });
  });

  test('that never came is known not to be done only where the call was not sent', () => {
    const message = 'm';
    expect([readReply({ kind: 'NOT_SENT', message }), readReply({ kind: 'UNANSWERED', message })]).toStrictEqual([
      { kind: 'UNAVAILABLE', message },
      { kind: 'UNKNOWN', message },
    ]);
  });

  test("has a submission's id, in either place", () => {
    const bodies = [
      { job_id: 8 },
      { result: { job_id: 9 } },
      { job_id: { set: true, number: 7 } },
      { job_id: 0 },
      {},
      null,
    ];
    expect(bodies.map(submittedId)).toStrictEqual([8, 9, 7, null, null, null]);
  });
});
