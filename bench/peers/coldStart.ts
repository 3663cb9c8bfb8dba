import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Figures } from './workloads.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));

/** Starts the built gateway on new data folders, as `npm start` does: first where it has never run, then where its code was compiled before. */
export async function coldStart(): Promise<Figures> {
  const cacheDir = mkdtempSync(join(tmpdir(), 'taskgate-cache-'));
  try {
    const firstEver = await startOnce(cacheDir);
    const later = await startOnce(cacheDir);
    return { 'ms to the first answer': later, 'ms, where it never ran before': firstEver };
  } finally {
    rmSync(cacheDir, { recursive: true, force: true });
  }
}

/** Milliseconds until it has answered one query. */
async function startOnce(cacheDir: string): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'taskgate-cold-'));
  const begin = performance.now();
  const gateway = spawn(process.execPath, ['--max-semi-space-size=16', MAIN, '--port', '0', '--data-dir', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, XDG_CACHE_HOME: cacheDir },
  });
  try {
    let output = '';
    let url: string | undefined;
    for await (const chunk of gateway.stdout) {
      output += String(chunk);
      url = /listening on (\S+)/.exec(output)?.[1];
      if (url !== undefined) break;
    }
    const response = await fetch(url ?? '', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"query":"{ scheduler { name reachable } }"}',
    });
    await response.text();
    return performance.now() - begin;
  } finally {
    const ended = once(gateway, 'exit');
    gateway.kill('SIGTERM');
    await ended;
    rmSync(dataDir, { recursive: true, force: true });
  }
}
