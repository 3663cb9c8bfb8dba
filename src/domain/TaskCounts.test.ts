import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isTerminal, TASK_STATES, type TaskState } from './states.js';
import { endedTasks, moveCounts, NO_TASKS, type TaskCounts, totalTasks } from './TaskCounts.js';

const state = fc.constantFrom(...TASK_STATES);

function recount(states: readonly TaskState[]): TaskCounts {
  const counts = { ...NO_TASKS };
  for (const each of states) counts[each] += 1;
  return counts;
}

test('Counts that are moved with each task equal a recount of the tasks', () => {
  fc.assert(
    fc.property(
      fc.array(state, { minLength: 1 }),
      fc.array(fc.record({ place: fc.nat(), to: state })),
      (born, moves) => {
        const states = [...born];
        let counts = born.reduce((all, each) => moveCounts(all, null, each, 1), NO_TASKS);
        for (const { place, to } of moves) {
          const index = place % states.length;
          counts = moveCounts(counts, states[index] ?? null, to, 1);
          states[index] = to;
        }
        expect(counts).toStrictEqual(recount(states));
        expect(totalTasks(counts)).toBe(states.length);
        expect(endedTasks(counts)).toBe(states.filter(isTerminal).length);
      },
    ),
  );
});

test('Many tasks are moved at once, and the former counts stay as they were', () => {
  const queued = moveCounts(NO_TASKS, null, 'QUEUED', 1_000_000);
  const canceled = moveCounts(queued, 'QUEUED', 'CANCELED', 999_999);
  expect([NO_TASKS.QUEUED, queued.QUEUED, canceled]).toStrictEqual([
    0,
    1_000_000,
    { ...NO_TASKS, QUEUED: 1, CANCELED: 999_999 },
  ]);
  expect(moveCounts(queued, 'QUEUED', 'QUEUED', 5)).toStrictEqual(queued);
});
