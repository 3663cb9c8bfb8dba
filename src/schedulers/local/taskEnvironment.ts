/** The gateway's environment as tasks inherit it: without the gateway's own settings and without npm's, which are no business of theirs. */
export function taskEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value !== undefined && !/^(?:TASKGATE_|npm_|INIT_CWD$)/.test(name)) kept[name] = value;
  }
  return kept;
}
