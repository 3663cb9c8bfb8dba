import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';
import { closingLineReporter } from './test/support/closingLineReporter.js';

const require = createRequire(import.meta.url);

/** Suites that mostly wait, for tasks that run and grace periods that pass, each on schedulers of its own: two of them run at a time. */
const WAITING = [
  'test/conformance/*.test.ts',
  'test/guarantees/{slurm,hpcpack}Soak.test.ts',
  'test/hpcpack/*.test.ts',
  'test/slurm/*.test.ts',
];

export default defineConfig({
  resolve: {
    /** One copy of graphql-js: without this, Vite resolves its ESM build beside the CommonJS one that type-graphql loads. */
    alias: [{ find: /^graphql$/, replacement: require.resolve('graphql') }],
  },
  test: {
    fsModuleCache: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', closingLineReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: 'gateway',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['dist/**', 'node_modules/**', 'test/federation/**', ...WAITING],
          maxWorkers: 1,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'adapters', include: WAITING, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
