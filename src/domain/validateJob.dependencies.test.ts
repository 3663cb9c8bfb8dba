import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { invalidInput } from './Refusal.js';
import { findDependencyProblems } from './validateJob.js';

type Node = readonly [name: string, ...dependsOn: string[]];

function problemsOf(...nodes: readonly Node[]): readonly unknown[] {
  return findDependencyProblems(nodes.map(([name, ...dependsOn]) => ({ name, dependsOn })));
}

function unknownName(name: string, task: number): unknown {
  const message = `No task of the job is named ${JSON.stringify(name)}; dependsOn takes names of the job's tasks.`;
  return invalidInput(message, [String(task), 'dependsOn']);
}

function circular(names: string, task: number): unknown {
  return invalidInput(`The dependencies are circular: ${names}.`, [String(task), 'dependsOn']);
}

describe('Dependencies', () => {
  test.each<readonly [string, readonly Node[]]>([
    ['none', []],
    ['a line', [['a'], ['b', 'a'], ['c', 'b']]],
    ['a diamond, its tasks in any order', [['d', 'b', 'c'], ['b', 'a'], ['c', 'a'], ['a']]],
    ['a name that covers several tasks', [['a'], ['a'], ['b', 'a']]],
    ['the same name twice', [['a'], ['b', 'a', 'a']]],
    ['those of tasks without a name', [['', 'a'], ['', 'a'], ['a']]],
    [
      'names that objects have of their own',
      [['__proto__'], ['toString', '__proto__', 'constructor'], ['constructor']],
    ],
  ])('may be %s', (_name, nodes) => expect(problemsOf(...nodes)).toStrictEqual([]));

  test('must name tasks of the job', () => {
    expect(problemsOf(['a', 'b', 'x'], ['b', 'A'], ['', ''], ['c', 'toString'])).toStrictEqual([
      unknownName('x', 0),
      unknownName('A', 1),
      unknownName('', 2),
      unknownName('toString', 3),
    ]);
  });

  test('that name 100,000 unknown tasks are answered by the first 20', () => {
    const nodes = Array.from({ length: 100_000 }, (_none, index): Node => [`t${index}`, 'x', 'y', 'z']);
    const names = ['x', 'y', 'z'];
    expect(problemsOf(...nodes)).toStrictEqual(
      Array.from({ length: 20 }, (_none, index) => unknownName(names[index % 3] ?? '', Math.floor(index / 3))),
    );
  });

  test.each<readonly [string, number, readonly Node[]]>([
    ['"a" -> "a"', 0, [['a', 'a']]],
    [
      '"a" -> "b" -> "a"',
      0,
      [
        ['a', 'b'],
        ['b', 'a'],
      ],
    ],
    [
      '"b" -> "c" -> "b"',
      1,
      [
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'b'],
      ],
    ],
    ['"a" -> "b" -> "a"', 1, [['a'], ['a', 'b'], ['b', 'a']]],
    ['"a" -> "b" -> "a"', 2, [['', 'a'], ['d'], ['a', 'd', 'b'], ['b', 'd', 'a']]],
  ])('may not be circular: %s', (names, task, nodes) => {
    expect(problemsOf(...nodes)).toStrictEqual([circular(names, task)]);
  });

  test('in a circle of up to nine are shown whole, of more in short', () => {
    const circle = (size: number): readonly unknown[] =>
      problemsOf(...Array.from({ length: size }, (_none, index): Node => [`${index}`, `${(index + 1) % size}`]));
    expect([circle(9), circle(10)]).toStrictEqual([
      [circular('"0" -> "1" -> "2" -> "3" -> "4" -> "5" -> "6" -> "7" -> "8" -> "0"', 0)],
      [circular('"0" -> "1" -> "2" -> "3" -> "4" -> "5" -> "6" -> "7" -> "8" -> … -> "0"', 0)],
    ]);
  });

  test('that meet again and again are followed once each', () => {
    const rungs = Array.from({ length: 1_000 }, (_none, rung) => [`a${rung}`, `b${rung}`] as const);
    const nodes = rungs.flatMap(([a, b], rung): readonly Node[] => {
      const below = rungs[rung + 1] ?? [];
      return [
        [a, ...below],
        [b, ...below],
      ];
    });
    expect(problemsOf(...nodes)).toStrictEqual([]);
  });

  test('in a circle of 100,000 are found without exhausting the stack and shown in short', () => {
    const nodes = Array.from({ length: 100_000 }, (_none, index): Node => [`t${index}`, `t${(index + 1) % 100_000}`]);
    expect(problemsOf(...nodes)).toStrictEqual([
      circular('"t0" -> "t1" -> "t2" -> "t3" -> "t4" -> "t5" -> "t6" -> "t7" -> "t8" -> … -> "t0"', 0),
    ]);
  });

  test('are accepted exactly when the tasks can be put in an order in which each follows what it depends on', () => {
    const edges = fc.array(fc.tuple(fc.nat({ max: 5 }), fc.nat({ max: 5 })), { maxLength: 8 });
    fc.assert(
      fc.property(edges, (given) => {
        const dependsOn = Array.from({ length: 6 }, (_none, task) =>
          given.filter(([from]) => from === task).map(([, to]) => to),
        );
        let left = dependsOn.map((_none, task) => task);
        for (let before = -1; before !== left.length;) {
          before = left.length;
          const waiting = new Set(left);
          left = left.filter((task) => dependsOn[task]?.some((other) => waiting.has(other)) === true);
        }
        const nodes = dependsOn.map((others, task): Node => [`t${task}`, ...others.map((other) => `t${other}`)]);
        expect(problemsOf(...nodes).length === 0).toBe(left.length === 0);
      }),
    );
  });
});
