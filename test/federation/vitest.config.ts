import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { closingLineReporter } from '../support/closingLineReporter.js';

/** The heavy part: real routers. Each file starts its own, and one file at a time has the machine. */
export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    include: ['test/federation/**/*.test.ts'],
    fileParallelism: false,
    fsModuleCache: false,
    testTimeout: 120_000,
    hookTimeout: 60_000,
    reporters: ['default', closingLineReporter()],
  },
});
