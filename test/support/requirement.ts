/**
 * Whether a test that needs something outside this repository is to be skipped: named on standard error, where it is missing.
 *
 * @throws where it is missing and TASKGATE_REQUIRE_ALL is set: then nothing may be skipped
 */
export function isMissing(what: string, isThere: boolean): boolean {
  if (isThere) return false;
  if (process.env['TASKGATE_REQUIRE_ALL'] !== undefined)
    throw new Error(`${what} is missing, and TASKGATE_REQUIRE_ALL is set`);
  console.warn(`skipping what needs ${what}`);
  return true;
}
