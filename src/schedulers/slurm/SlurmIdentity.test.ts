import { jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { type Clock } from '../../domain/Clock.js';
import { MintedIdentity, ServiceIdentity } from './SlurmIdentity.js';

const KEY = new Uint8Array(32).fill(7);

function clockAt(now: { value: number }): Clock {
  return { now: () => now.value, at: () => () => undefined };
}

describe('A token that is made with the key of the cluster', () => {
  test('is for the user who asks, for ten minutes, and goes with the same name', async () => {
    const now = { value: 1_795_411_592_000 };
    const identity = new MintedIdentity(KEY, clockAt(now));
    const { 'x-slurm-user-name': name, 'x-slurm-user-token': token = '' } = await identity.headersFor('ada');
    const { payload, protectedHeader } = await jwtVerify(token, KEY, { currentDate: new Date(now.value) });
    expect([name, payload, protectedHeader]).toStrictEqual([
      'ada',
      { sun: 'ada', iat: 1_795_411_592, exp: 1_795_412_192 },
      { alg: 'HS256', typ: 'JWT' },
    ]);
  });

  test('is made once and again before it ends, and never shared between users', async () => {
    const now = { value: 1_795_411_592_000 };
    const identity = new MintedIdentity(KEY, clockAt(now));
    const first = await identity.tokenFor('ada');
    const other = await identity.tokenFor('bob');
    now.value += 479_000;
    const same = await identity.tokenFor('ada');
    now.value += 2_000;
    const next = await identity.tokenFor('ada');
    expect([same === first, next === first, other === first]).toStrictEqual([true, false, false]);
  });
});

test("A service's own token goes with the name of whoever asks, and is no other user's own", async () => {
  const identity = new ServiceIdentity('svc', () => 'token');
  expect([
    await identity.headersFor('ada'),
    await identity.tokenFor('ada'),
    await identity.tokenFor('svc'),
  ]).toStrictEqual([{ 'x-slurm-user-name': 'ada', 'x-slurm-user-token': 'token' }, null, 'token']);
});
