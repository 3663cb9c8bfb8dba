import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turns } from './Turns.js';

test('Work that ends at once leaves room for more only after everything else had its turn', async () => {
  const turns = new Turns(512);
  const begun: number[] = [];
  const work = Array.from({ length: 5 }, (_none, index) =>
    turns.take(256, () => {
      begun.push(index);
      return Promise.resolve();
    }),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  await work[1];
  expect(begun).toEqual([0, 1]);
  await setImmediate();
  await work[3];
  expect(begun).toEqual([0, 1, 2, 3]);
  await Promise.all(work);
  expect(begun).toEqual([0, 1, 2, 3, 4]);
});

test('A heavier piece than there is room for goes alone', async () => {
  const turns = new Turns(512);
  const begun: string[] = [];
  const take = (name: string, weight: number): Promise<void> =>
    turns.take(weight, async () => {
      begun.push(name);
      await setImmediate();
      begun.push(`${name} ends`);
    });
  await Promise.all([take('light', 1), take('heavy', 1_000), take('last', 1)]);
  expect(begun).toEqual(['light', 'light ends', 'heavy', 'heavy ends', 'last', 'last ends']);
});
