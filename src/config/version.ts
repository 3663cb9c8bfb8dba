import { createRequire } from 'node:module';
import { z } from 'zod';

/** Taskgate's own version, from its package. */
export function version(): string {
  const manifest: unknown = createRequire(import.meta.url)('../../package.json');
  return z.object({ version: z.string() }).parse(manifest).version;
}
