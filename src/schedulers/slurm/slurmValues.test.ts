import { describe, expect, test } from 'vitest';
import { parseExitCode, readNumber, readProcessEnd, readTime } from './slurmValues.js';

describe('A number', () => {
  test.each([
    ['plain, as in v0.0.38', 7, 7],
    ['zero', 0, 0],
    ['set, as from v0.0.39 on', { set: true, infinite: false, number: 7 }, 7],
    ['set without being told of infinity', { set: true, number: 7 }, 7],
    ['infinite', { set: true, infinite: true, number: 0 }, null],
    ['not set', { set: false, infinite: false, number: 0 }, null],
    ["Slurm's 32-bit no value", 0xffff_fffe, null],
    ["Slurm's 32-bit infinity", 0xffff_ffff, null],
    ['null', null, null],
    ['a text', '7', null],
    ['a list', [7], null],
    ['nothing', undefined, null],
  ])('that is %s', (_name, value, expected) => {
    expect(readNumber(value)).toBe(expected);
  });

  test('of seconds is a time, and none where it is 0', () => {
    expect([readTime(1_795_411_592), readTime({ set: true, number: 1 }), readTime(0), readTime(null)]).toStrictEqual([
      1_795_411_592_000,
      1_000,
      null,
      null,
    ]);
  });
});

describe('The end of a process', () => {
  const exit = (exitCode: number): unknown => ({ exitCode, signal: null });
  const killed = (signal: string): unknown => ({ exitCode: null, signal });

  test.each([
    ['a raw wait status of exit 0', 0, exit(0)],
    ['of exit 7', 1792, exit(7)],
    ['of SIGKILL', 9, killed('SIGKILL')],
    ['of SIGTERM', 15, killed('SIGTERM')],
    ['of SIGSEGV with a core', 139, killed('SIGSEGV')],
    ['of exit 42 after a trap', 10752, exit(42)],
    ['a wait status in the form of v0.0.39', { set: true, infinite: false, number: 1792 }, exit(7)],
    [
      'success in the form of v0.0.40',
      {
        status: ['SUCCESS'],
        return_code: { set: true, infinite: false, number: 0 },
        signal: { id: { set: false, infinite: false, number: 0 }, name: '' },
      },
      exit(0),
    ],
    [
      'an error in the form of v0.0.40',
      {
        status: ['ERROR'],
        return_code: { set: true, infinite: false, number: 7 },
        signal: { id: { set: false, infinite: false, number: 0 }, name: '' },
      },
      exit(7),
    ],
    [
      'a signal in the form of v0.0.40',
      {
        status: ['SIGNALED'],
        return_code: { set: false, infinite: false, number: 0 },
        signal: { id: { set: true, infinite: false, number: 9 }, name: 'KILL' },
      },
      killed('SIGKILL'),
    ],
    ['nothing', null, { exitCode: null, signal: null }],
    ['a signal without a name here', 64 + 13, killed('SIG77')],
  ])('is read from %s', (_name, value, expected) => {
    expect(readProcessEnd(value)).toStrictEqual(expected);
  });

  test("is read from sacct's and jobcomp's text", () => {
    expect(['0:0', '7:0', '0:9', '', '1:2:3', 'x'].map(parseExitCode)).toStrictEqual([
      exit(0),
      exit(7),
      killed('SIGKILL'),
      { exitCode: null, signal: null },
      { exitCode: null, signal: null },
      { exitCode: null, signal: null },
    ]);
  });
});
