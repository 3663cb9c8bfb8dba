import { describe, expect, test } from 'vitest';
import { CallGate } from './CallGate.js';

/** A call that ends when it is told to. */
function held(): { readonly call: () => Promise<string>; readonly finish: () => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { call: () => promise, finish: () => resolve('done') };
}

const DONE = { ok: true, value: 'done' };

describe('A gate', () => {
  test('lets so many calls through at a time, the others in the order they came', async () => {
    const gate = new CallGate(2);
    const order: number[] = [];
    const calls = [held(), held(), held(), held()];
    const passes = calls.map(({ call }, index) =>
      gate.pass(() => {
        order.push(index);
        return call();
      }),
    );
    await Promise.resolve();
    expect(order).toStrictEqual([0, 1]);
    calls[1]?.finish();
    await passes[1];
    await Promise.resolve();
    expect(order).toStrictEqual([0, 1, 2]);
    for (const { finish } of calls) finish();
    expect(await Promise.all(passes)).toStrictEqual([DONE, DONE, DONE, DONE]);
    expect(order).toStrictEqual([0, 1, 2, 3]);
  });

  test('that is shut refuses who waits and who comes, and what is under way goes on', async () => {
    const gate = new CallGate(1);
    const first = held();
    const under = gate.pass(first.call);
    const waiting = gate.pass(first.call);
    gate.shut('it is down');
    const late = gate.pass(first.call);
    const refused = { ok: false, reason: 'it is down' };
    expect(await Promise.all([waiting, late])).toStrictEqual([refused, refused]);
    first.finish();
    expect(await under).toStrictEqual(DONE);
    gate.open();
    expect(await gate.pass(first.call)).toStrictEqual(DONE);
  });

  test('lets the next one through after a call that was rejected', async () => {
    const gate = new CallGate(1);
    await expect(gate.pass(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await gate.pass(() => Promise.resolve('done'))).toStrictEqual(DONE);
  });

  test('refuses who comes when too many wait', async () => {
    const gate = new CallGate(1);
    const first = held();
    const passes = Array.from({ length: 5_002 }, () => gate.pass(first.call));
    expect(await passes.at(-1)).toStrictEqual({ ok: false, reason: 'too many calls are waiting for slurmrestd' });
    first.finish();
    const all = await Promise.all(passes);
    expect(all.filter(({ ok }) => ok).length).toBe(5_001);
  });
});
