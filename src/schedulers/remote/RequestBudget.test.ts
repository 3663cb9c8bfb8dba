import { expect, test } from 'vitest';
import { type BudgetShape, RequestBudget } from './RequestBudget.js';

/** A budget of 60, and a way to let milliseconds pass. */
function budgetOf(shape?: BudgetShape) {
  let now = 1_000_000;
  const budget = new RequestBudget(60, { now: () => now, at: () => () => undefined }, shape);
  return { budget, pass: (milliseconds: number) => (now += milliseconds) };
}

function spend(budget: RequestBudget, times: number): void {
  for (let spent = 0; spent < times; spent += 1) budget.spend();
}

test('Ten seconds of a budget may be used at once, and come back evenly', () => {
  const { budget, pass } = budgetOf();
  spend(budget, 10);
  expect([budget.hasLeft(), budget.waitFor()]).toEqual([false, 1_000]);
  pass(400);
  expect([budget.hasLeft(), budget.waitFor()]).toEqual([false, 600]);
  pass(600);
  expect([budget.hasLeft(), budget.waitFor()]).toEqual([true, 0]);
});

test('Who leaves a reserve waits for longer', () => {
  const { budget } = budgetOf();
  expect([budget.waitFor(9), budget.waitFor(10)]).toEqual([0, 1_000]);
});

test('Who spends more than there is makes the next wait for it', () => {
  const { budget } = budgetOf();
  spend(budget, 13);
  expect([budget.waitFor(), budget.usage]).toEqual([4_000, { perMinute: 60, lastMinute: 13 }]);
});

test('What comes back beside the burst is chosen: together they are the most of any minute', () => {
  const { budget, pass } = budgetOf({ burst: 15, refill: 45 });
  let sent = 0;
  for (let millisecond = 0; millisecond < 59_999; millisecond += 1) {
    while (budget.hasLeft()) {
      budget.spend();
      sent += 1;
    }
    pass(1);
  }
  expect([sent, budget.usage]).toEqual([59, { perMinute: 60, lastMinute: 59 }]);
});

test('What was used is forgotten after a minute', () => {
  const { budget, pass } = budgetOf();
  spend(budget, 3);
  pass(30_000);
  spend(budget, 2);
  expect(budget.usage.lastMinute).toBe(5);
  pass(30_000);
  expect(budget.usage.lastMinute).toBe(2);
  pass(30_000);
  expect(budget.usage.lastMinute).toBe(0);
});
