import { registerHooks } from 'node:module';

/** Taskgate's sources have decorators, which Node.js cannot strip: what is imported from `src` comes from the build in `dist`. */
registerHooks({
  resolve: (specifier, context, nextResolve) => nextResolve(specifier.replace('../src/', '../dist/'), context),
});
