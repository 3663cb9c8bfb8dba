import { registerHooks } from 'node:module';

/**
 * Node.js runs TypeScript by stripping types, but takes names of imported files as they stand, while ours name what the compiler
 * makes of them: where there is no `x.js`, this finds `x.ts`.
 */
registerHooks({
  resolve(specifier, context, nextResolve) {
    try {
      return nextResolve(specifier, context);
    } catch (error) {
      if (!specifier.startsWith('.') || !specifier.endsWith('.js')) throw error;
      return nextResolve(specifier.replace(/js$/, 'ts'), context);
    }
  },
});
