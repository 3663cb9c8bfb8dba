import { expect, test } from 'vitest';
import { mayCancel, maySee, maySubmit, ownerSeenBy, type Scope, SCOPES } from './access.js';

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

test('A list is restricted to the owner whose jobs its viewer may see, to nobody without a scope that shows them, and to none for an operator', () => {
  const seen = (...scopes: readonly Scope[]): string | null => ownerSeenBy({ user: 'ada', scopes: new Set(scopes) });
  expect([seen(), seen('SUBMIT', 'CANCEL'), seen('READ'), seen('OPERATE')]).toStrictEqual(['', '', 'ada', null]);
});
