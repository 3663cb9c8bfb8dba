import { existsSync } from 'node:fs';
import js from '@eslint/js';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import importX from 'eslint-plugin-import-x';
import jsdoc from 'eslint-plugin-jsdoc';
import tseslint from 'typescript-eslint';

/** The rooms of the design, in the one direction that imports may go: each may import itself and those before it. */
const LAYERS = ['domain', 'log', 'schedulers', 'feed', 'graphql', 'server'];

const layerZones = LAYERS.flatMap((layer, index) => [
  { target: `./src/${layer}`, from: LAYERS.slice(index + 1).map((outer) => `./src/${outer}`) },
  { target: `./src/${layer}`, from: ['./src/*.ts', './src/config/**', './src/demo/**'] },
]).filter((zone) => zone.from.length > 0);

/** Adapters know the port and themselves, never each other. */
const ADAPTERS = ['local', 'slurm', 'hpcpack'];
const adapterZones = ADAPTERS.map((adapter) => ({
  target: `./src/schedulers/${adapter}`,
  from: ADAPTERS.filter((other) => other !== adapter).map((other) => `./src/schedulers/${other}`),
}));
/** What adapters share knows none of them, and the store knows nothing of schedulers elsewhere. */
const sharedZones = [
  { target: './src/schedulers/{store,remote}', from: ADAPTERS.map((adapter) => `./src/schedulers/${adapter}`) },
  { target: './src/schedulers/store', from: './src/schedulers/remote' },
];
const portZone = { target: './src/schedulers/*.ts', from: ADAPTERS.map((adapter) => `./src/schedulers/${adapter}`) };
const outsideZones = ['feed', 'graphql', 'server'].map((layer) => ({
  target: `./src/${layer}`,
  from: [...ADAPTERS, 'store', 'remote'].map((room) => `./src/schedulers/${room}`),
}));

/** Packages of their own, which know types that are not there before they are installed. */
const notInstalled = ['test/federation'].filter((folder) => !existsSync(`${folder}/node_modules/.package-lock.json`));

export default tseslint.config(
  { ignores: ['dist', 'coverage', '**/node_modules', '**/*.generated.ts', 'bench/peers', ...notInstalled] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['eslint.config.js'] } } },
    plugins: { 'import-x': importX, jsdoc },
    settings: { 'import-x/resolver-next': [createTypeScriptImportResolver()] },
    rules: {
      'import-x/no-cycle': 'error',
      'import-x/no-default-export': 'error',
      'import-x/no-restricted-paths': [
        'error',
        { zones: [...layerZones, ...adapterZones, ...sharedZones, portZone, ...outsideZones] },
      ],
      'import-x/no-extraneous-dependencies': [
        'error',
        { devDependencies: ['test/**', 'bench/**', '**/*.test.ts', '*.config.*'] },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: true },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-extraneous-class': 'off',
      'no-console': 'error',
    },
  },
  {
    files: ['src/domain/**'],
    ignores: ['**/*.test.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*', 'graphql', 'type-graphql'], message: 'The domain is pure.' }] },
      ],
      'no-restricted-globals': ['error', 'process', 'setTimeout', 'setInterval', 'Buffer'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'The domain is given the time.' },
        { object: 'Math', property: 'random', message: 'The domain is given its randomness.' },
      ],
    },
  },
  {
    files: ['src/**'],
    ignores: ['**/*.test.ts'],
    rules: {
      'jsdoc/require-jsdoc': [
        'error',
        {
          publicOnly: true,
          require: { FunctionDeclaration: true, ClassDeclaration: true },
          contexts: [
            'TSInterfaceDeclaration',
            'TSTypeAliasDeclaration',
            'ExportNamedDeclaration > VariableDeclaration',
          ],
          checkConstructors: false,
        },
      ],
    },
  },
  {
    files: ['test/federation/**'],
    rules: { 'import-x/no-extraneous-dependencies': ['error', { packageDir: ['.', 'test/federation'] }] },
  },
  { files: ['**/*.config.*', 'eslint.config.js'], rules: { 'import-x/no-default-export': 'off' } },
  { files: ['eslint.config.js'], extends: [tseslint.configs.disableTypeChecked] },
  { files: ['test/**', '**/*.test.ts', 'bench/**'], rules: { 'no-console': 'off' } },
);
