import * as module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Lets Node.js keep the code that it compiles in the user's cache folder (XDG Base Directory: `$XDG_CACHE_HOME`, or `~/.cache`), so that later
 * starts take less time. Where that folder cannot be written to, starts take as long as the first. NODE_COMPILE_CACHE names another folder,
 * NODE_DISABLE_COMPILE_CACHE=1 keeps nothing.
 */
export function useCompileCache({ XDG_CACHE_HOME }: NodeJS.ProcessEnv): void {
  module.enableCompileCache(join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'taskgate', 'compiled'));
}

/** Writes down what was compiled so far, so that it is there however the process ends. */
export function writeCompileCache(): void {
  module.flushCompileCache();
}
