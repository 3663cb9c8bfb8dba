import { once } from 'node:events';
import { expect, it } from 'vitest';
import { runGateway } from '../support/startGateway.js';
import { EMULATION_NOTICE } from './emulator/HpcPackEmulator.js';
import { basic } from './support/headNode.js';

it('The command says in its first line that it is an emulation and of what, listens, and ends at SIGTERM', async () => {
  const script = ['--import', './bench/resolveTypeScript.ts', 'test/hpcpack/emulator/main.ts', '--port', '0'];
  const run = runGateway(script, {}, [process.execPath]);
  try {
    while (!run.output().stdout.includes('bob')) await once(run.process.stdout, 'data');
    const [notice, listening = ''] = run.output().stdout.split('\n');
    const headers = { authorization: basic('HPC\\alice', 'alice-secret') };
    const version = await fetch(`${listening.replace('listening on ', '')}/cluster/version`, { headers });
    expect([notice, version.status]).toEqual([EMULATION_NOTICE, 200]);
  } finally {
    run.process.kill('SIGTERM');
  }
  expect(await run.ended).toEqual({ code: 0, signal: null });
});
