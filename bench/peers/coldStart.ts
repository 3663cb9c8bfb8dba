import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Figures } from './workloads.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Starts the built gateway on a new data folder, as `npm start` does, and asks it one thing. */
export async function coldStart(): Promise<Figures> {
  const dataDir = mkdtempSync(join(tmpdir(), 'taskgate-cold-'));
  const begin = performance.now();
  const gateway = spawn(process.execPath, ['--max-semi-space-size=16', MAIN, '--port', '0', '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    let output = '';
    let url: string | undefined;
    for await (const chunk of gateway.stdout) {
      output += String(chunk);
      url = /listening on (\S+)/.exec(output)?.[1];
      if (url !== undefined) break;
    }
    const listening = performance.now() - begin;
    const response = await fetch(url ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ scheduler { name reachable } }"}',
    });
    await response.text();
    return { 'ms to the first answer': performance.now() - begin, 'ms to listening': listening };
  } finally {
    const ended = once(gateway, 'exit');
    gateway.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  }
}
