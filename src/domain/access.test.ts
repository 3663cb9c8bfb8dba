import { expect, test } from 'vitest';
import { mayCancel, maySee, maySubmit, type Scope, SCOPES } from './access.js';

function rights(user: string, ...scopes: readonly Scope[]): readonly boolean[] {
  const viewer = { user, scopes: new Set(scopes) };
  return [maySee(viewer, 'ada'), maySubmit(viewer, 'ada'), mayCancel(viewer, 'ada')];
}

test('The owner sees, submits and cancels as far as the scopes go', () => {
  expect([rights('ada'), ...SCOPES.map((scope) => rights('ada', scope))]).toStrictEqual([
    [false, false, false],
    [true, false, false],
    [false, true, false],
    [false, false, true],
    [true, true, true],
  ]);
  expect(rights('ada', 'READ', 'SUBMIT', 'CANCEL')).toStrictEqual([true, true, true]);
});

test("Somebody else does nothing with the owner's jobs, unless as an operator", () => {
  expect([rights('bob'), ...SCOPES.map((scope) => rights('bob', scope))]).toStrictEqual([
    [false, false, false],
    [false, false, false],
    [false, false, false],
    [false, false, false],
    [true, true, true],
  ]);
  expect(rights('ADA', 'READ', 'SUBMIT', 'CANCEL')).toStrictEqual([false, false, false]);
});
