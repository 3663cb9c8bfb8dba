import { type TaskSpec } from '../../src/domain/Job.js';

/** What a task is created with that says no more than it must; `fields` say what a test is about. */
export function taskSpec(fields: Partial<TaskSpec> = {}): TaskSpec {
  return {
    name: '',
    commandLine: 'true',
    sweep: null,
    workDirectory: null,
    stdinPath: null,
    stdoutPath: null,
    stderrPath: null,
    environment: [],
    minCores: 1,
    runtimeSeconds: null,
    isRerunnable: true,
    dependsOn: [],
    ...fields,
  };
}
