import { createRequire } from 'node:module';
import { defineConfig } from 'vitest/config';
import { closingLineReporter } from './test/support/closingLineReporter.js';

const require = createRequire(import.meta.url);

export default defineConfig({
  resolve: {
    /** One copy of graphql-js: without this, Vite resolves its ESM build beside the CommonJS one that type-graphql loads. */
    alias: [{ find: /^graphql$/, replacement: require.resolve('graphql') }],
  },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**', 'test/federation/**'],
    fsModuleCache: false,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', closingLineReporter()],
  },
});
