import { describe, expect, test } from 'vitest';
import { parseJobcompLine } from './jobcompLine.js';

/** A line as slurmctld 22.05 writes it. */
function line(name: string, state: string, rest: string): string {
  return (
    `JobId=43 UserId=games(5) GroupId=games(60) Name=${name} JobState=${state} Partition=main TimeLimit=UNLIMITED ` +
    `StartTime=2026-11-23T05:47:00 EndTime=2026-11-23T05:47:01 NodeList=n1 NodeCnt=1 ProcCnt=1 WorkDir=/w ReservationName= ` +
    `Tres=cpu=1 Account= QOS= WcKey= Cluster=taskgate SubmitTime=2026-11-23T05:46:59 EligibleTime=2026-11-23T05:47:00${rest}`
  );
}

describe('A line of jobcomp', () => {
  test('says which job or element ended and how', () => {
    const lines = [
      line('a', 'FAILED', ' ArrayJobId=42 ArrayTaskId=5 DerivedExitCode=0:0 ExitCode=7:0 '),
      line('a', 'CANCELLED', ' DerivedExitCode=0:0 ExitCode=0:9 '),
    ];
    expect(lines.map(parseJobcompLine)).toStrictEqual([
      { rawId: 43, element: { jobId: 42, instance: 5 }, state: 'FAILED', end: { exitCode: 7, signal: null } },
      { rawId: 43, element: null, state: 'CANCELLED', end: { exitCode: null, signal: 'SIGKILL' } },
    ]);
  });

  test('is not misled by a name that looks like the rest of a line', () => {
    const forged = line('x JobState=FAILED Partition=main', 'COMPLETED', ' DerivedExitCode=0:0 ExitCode=0:0 ');
    expect(parseJobcompLine(forged)).toStrictEqual({
      rawId: 43,
      element: null,
      state: 'COMPLETED',
      end: { exitCode: 0, signal: null },
    });
  });

  test('that was cut off says what is left of it', () => {
    expect(parseJobcompLine(line('a', 'COMPLETED', ''))).toStrictEqual({
      rawId: 43,
      element: null,
      state: 'COMPLETED',
      end: { exitCode: null, signal: null },
    });
  });

  test.each(['', 'JobId=', 'JobId=43 Name=x', 'Name=JobId=7 JobState=FAILED Partition=main'])('is none: %j', (text) => {
    expect(parseJobcompLine(text)).toBeNull();
  });
});
