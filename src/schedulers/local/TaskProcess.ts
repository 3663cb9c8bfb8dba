import { type ProcessIdentity } from '../store/rows.js';

/** Everything that a task's process is started with. All paths are absolute. */
export interface Launch {
  /**
   * The task's record of this one start, in a folder that exists. Whoever creates it first decides whether the command ever runs:
   * the launcher (its first line is then the process id, and the machine's boot), or a later adoption that found nothing. The exit status follows in the second line.
   */
  readonly runFile: string;
  /** Where {@link TaskProcess.terminate} writes why the task is being stopped. */
  readonly cancelFile: string;
  /** Given to `sh -c`. */
  readonly commandLine: string;
  readonly workDirectory: string;
  /** The whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Null: empty input. */
  readonly stdinPath: string | null;
  readonly stdoutPath: string;
  readonly stderrPath: string;
}

/** How a task's process group ended. */
export type ProcessEnd =
  /** `sh -c` ended with this exit code, or by this signal (`"SIGKILL"`). */
  | { readonly kind: 'EXIT'; readonly exitCode: number | null; readonly signal: string | null }
  /** The command was never run. */
  | { readonly kind: 'START_FAILED'; readonly message: string }
  /** It is gone and left no exit status: NODE_LOST after a reboot, else UNKNOWN. */
  | { readonly kind: 'LOST'; readonly endReason: 'NODE_LOST' | 'UNKNOWN'; readonly message: string };

/** What a program finds in its `TASKGATE_CANCEL_FILE`, as JSON, before it gets SIGTERM. */
export interface CancelNotice {
  readonly message: string | null;
  readonly requestedBy: string;
  readonly force: boolean;
  /** RFC 3339, UTC; null when there is no grace. */
  readonly graceExpiresAt: string | null;
}

/** A process group that runs a task's command. */
export interface TaskProcess {
  readonly identity: ProcessIdentity;
  /** Settles once, when no process of the group is left; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /**
   * Writes the notice, then sends SIGTERM to the whole group. From now on the group has ended only when its last process has:
   * a child that cleans up may outlive the shell that started it.
   */
  terminate(notice: CancelNotice): void;
  /** Goes on waiting as after {@link TaskProcess.terminate}, for a group that already got its SIGTERM. */
  awaitTermination(): void;
  /** Sends SIGKILL to the whole group; with a notice, writes it first. */
  kill(notice?: CancelNotice): void;
}

/** What became of a start that an earlier gateway had begun. */
export type Adoption =
  | { readonly kind: 'RUNNING'; readonly process: TaskProcess }
  | { readonly kind: 'ENDED'; readonly end: ProcessEnd }
  /** The command was not run, and from now on cannot be: the start may be repeated with another run file. */
  | { readonly kind: 'NEVER_STARTED' };

/** What a launch came to. */
export type LaunchResult =
  { readonly ok: true; readonly process: TaskProcess } | { readonly ok: false; readonly message: string };

/** Starts, finds again and stops the process groups of tasks. */
export interface TaskProcesses {
  /** Starts the command in a session and process group of its own. Fails with a message fit for users where it cannot be started. */
  launch(launch: Launch): Promise<LaunchResult>;
  /**
   * Finds the process of an earlier gateway's start. `identity` null: that gateway did not come to store one, the run file decides.
   */
  adopt(launch: Pick<Launch, 'runFile' | 'cancelFile'>, identity: ProcessIdentity | null): Promise<Adoption>;
  /** Ends all watching. The processes go on. */
  close(): void;
}
