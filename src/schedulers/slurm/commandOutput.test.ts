import { describe, expect, test } from 'vitest';
import { parseSacct } from './sacctRows.js';
import { DEFAULT_LIMITS, gracePeriod, parseLimits } from './slurmLimits.js';
import { parseSqueue } from './squeueSnapshot.js';
import { type SlurmElements } from './SlurmJob.js';

function printed(elements: SlurmElements): unknown {
  switch (elements.kind) {
    case 'NONE':
      return null;
    case 'ONE':
      return elements.instance;
    case 'PENDING':
      return elements.instances?.toString() ?? 'the rest';
  }
}

describe('What squeue prints', () => {
  test('is a record a line, and nothing else is', () => {
    const output = [
      '1|1_1|4|FAILED|NonZeroExitCode|1000|1010|1020|n1|games',
      '2|2_[3-5]|2|PENDING|Resources|1000|9999|NONE||games',
      '9|9|9|RUNNING|None|1000|1010|9999|n[1-2]|games',
      '2|2|0|RUNNING|None|1000|1010|9999|n1|games',
      'squeue: error: nothing',
      '9|9|9|RUNNING|None|1000|1010|9999|n1|games|more',
      '',
    ].join('\n');
    expect(
      parseSqueue(output).map(({ elements, state, ...row }) => [row, printed(elements), state.text]),
    ).toStrictEqual([
      [
        {
          jobId: 1,
          rawId: 4,
          reason: 'NonZeroExitCode',
          user: 'games',
          submittedAt: 1_000_000,
          startedAt: 1_010_000,
          endedAt: 1_020_000,
          nodes: 'n1',
        },
        1,
        'FAILED',
      ],
      [
        {
          jobId: 2,
          rawId: 2,
          reason: 'Resources',
          user: 'games',
          submittedAt: 1_000_000,
          startedAt: null,
          endedAt: null,
          nodes: '',
        },
        '3-5',
        'PENDING',
      ],
      [
        {
          jobId: 9,
          rawId: 9,
          reason: 'None',
          user: 'games',
          submittedAt: 1_000_000,
          startedAt: 1_010_000,
          endedAt: null,
          nodes: 'n[1-2]',
        },
        null,
        'RUNNING',
      ],
    ]);
  });
});

test("The one element that an array's own record is left with is told from an element with a record of its own", () => {
  const output = ['2|2_[7]|2|PENDING|None|1000|NONE|NONE||games', '2|2_7|2|RUNNING|None|1000|1010|NONE|n1|games'];
  expect(parseSqueue(output.join('\n')).map(({ elements }) => [elements.kind, printed(elements)])).toStrictEqual([
    ['PENDING', '7'],
    ['ONE', 7],
  ]);
});

describe('What sacct prints', () => {
  test('is a job, an element or the rest of an array a line', () => {
    const output = [
      '1_1|4|FAILED|7:0|1000|1010|1020|n1|games',
      '2_[3-5]|2|PENDING|0:0|1000|Unknown|Unknown|None assigned|games',
      '5|5|CANCELLED by 999|0:0|1000|1010|1020|n1|games',
      '5.batch|5.batch|CANCELLED|0:15|1000|1010|1020|n1|',
    ].join('\n');
    expect(
      parseSacct(output).map(({ jobId, rawId, elements, state, end, startedAt, endedAt, nodes }) => [
        [jobId, rawId, printed(elements), state.text],
        [end.exitCode, end.signal, startedAt, endedAt, nodes],
      ]),
    ).toStrictEqual([
      [
        [1, 4, 1, 'FAILED'],
        [7, null, 1_010_000, 1_020_000, 'n1'],
      ],
      [
        [2, 2, '3-5', 'PENDING'],
        [0, null, null, null, ''],
      ],
      [
        [5, 5, null, 'CANCELLED'],
        [0, null, 1_010_000, 1_020_000, 'n1'],
      ],
    ]);
  });
});

describe("The cluster's limits", () => {
  test('are read from slurm.conf and from what scontrol prints', () => {
    const limits = {
      clusterName: 'big',
      killWait: 60,
      minJobAge: 30,
      maxArraySize: 100_001,
      hasAccounting: true,
    };
    const file = `
# KillWait=7
clustername=big
KillWait=60 # comment
MinJobAge=30
MaxArraySize=100001
AccountingStorageType=accounting_storage/slurmdbd
NodeName=n1 CPUs=4`;
    const shown = `
Configuration data as of 2026-11-24T20:29:07
AccountingStorageType   = accounting_storage/slurmdbd
ClusterName             = big
KillWait                = 60 sec
MaxArraySize            = 100001
MinJobAge               = 30 sec`;
    expect([parseLimits(file), parseLimits(shown), parseLimits('')]).toStrictEqual([limits, limits, DEFAULT_LIMITS]);
  });

  test('never give less than 5 s of grace', () => {
    expect([0, 5, 30].map((killWait) => gracePeriod({ ...DEFAULT_LIMITS, killWait }))).toStrictEqual([5, 5, 30]);
  });

  test('know that records which are never purged, MinJobAge 0, are kept for ever', () => {
    expect(parseLimits('MinJobAge=0').minJobAge).toBe(Infinity);
  });
});
