import { resolve } from 'node:path';
import { printTaskId, type TaskRef } from '../../domain/ids.js';
import { type TaskSpec } from '../../domain/Job.js';
import { subtaskSpec } from '../../domain/subtaskSpec.js';
import { type DataFolder } from '../store/DataFolder.js';
import { type LocalStore } from './LocalStore.js';
import { type TaskRow } from '../store/rows.js';
import { type Launch, type LaunchResult, type TaskProcesses } from './TaskProcess.js';

/** What a launch needs to know of the scheduler. */
export interface LaunchParts {
  readonly store: LocalStore;
  readonly folder: DataFolder;
  readonly processes: TaskProcesses;
  /** Capacity. */
  readonly cores: number;
  /** What every task's environment starts from. */
  readonly environment: Readonly<Record<string, string>>;
}

/** Starts a claimed task's command. Fails with a message fit for users where it cannot be started. */
export async function launchTask(parts: LaunchParts, row: TaskRow): Promise<LaunchResult> {
  const { store, folder, processes, cores } = parts;
  const { ref, place } = row;
  if (place.minCores > cores) {
    return { ok: false, message: `The task needs ${place.minCores} cores, this machine offers ${cores}` };
  }
  try {
    folder.makeJobFolder(ref.jobId);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ok: false, message: `The folder for the task's files could not be made: ${reason}` };
  }
  const master = store.spec(ref.jobId, ref.taskNumber);
  return processes.launch(launchOf(parts, row, ref.instance === null ? master : subtaskSpec(master, ref.instance)));
}

/** The files of the task's present run, beside its output. */
export function runFiles(folder: DataFolder, { ref, run }: TaskRow): Pick<Launch, 'runFile' | 'cancelFile'> {
  return { runFile: folder.taskFile(ref, `run${run}`), cancelFile: folder.taskFile(ref, `cancel${run}`) };
}

/** Where the task's output goes: its own files, or those that it was created with, relative to its work directory. */
export function outputPaths(
  folder: DataFolder,
  ref: TaskRef,
  spec: TaskSpec,
): Pick<Launch, 'stdoutPath' | 'stderrPath'> {
  const workDirectory = resolve(spec.workDirectory ?? '.');
  const path = (given: string | null, suffix: string): string =>
    given === null ? folder.taskFile(ref, suffix) : resolve(workDirectory, given);
  return { stdoutPath: path(spec.stdoutPath, 'stdout'), stderrPath: path(spec.stderrPath, 'stderr') };
}

function launchOf({ folder, environment }: LaunchParts, row: TaskRow, spec: TaskSpec): Launch {
  const { ref } = row;
  const workDirectory = resolve(spec.workDirectory ?? '.');
  const files = runFiles(folder, row);
  return {
    ...files,
    commandLine: spec.commandLine,
    workDirectory,
    environment: {
      ...environment,
      ...Object.fromEntries(spec.environment.map(({ name, value }) => [name, value])),
      TASKGATE_JOB_ID: String(ref.jobId),
      TASKGATE_TASK_ID: printTaskId(ref),
      TASKGATE_INSTANCE: ref.instance === null ? '' : String(ref.instance),
      TASKGATE_CANCEL_FILE: files.cancelFile,
    },
    stdinPath: spec.stdinPath === null ? null : resolve(workDirectory, spec.stdinPath),
    ...outputPaths(folder, ref, spec),
  };
}
