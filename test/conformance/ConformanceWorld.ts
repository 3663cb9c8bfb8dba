import { type Viewer } from '../../src/domain/access.js';
import { type ChangeLog } from '../../src/log/ChangeLog.js';
import { type TaskState } from '../../src/domain/states.js';
import { type Scheduler } from '../../src/schedulers/scheduler.js';

/** A scheduler under test, by its port, with what the suite has to know of it. Command lines are those of a shell. */
export interface ConformanceWorld {
  readonly scheduler: Scheduler;
  readonly log: ChangeLog;
  /** May submit, cancel and see their own. */
  readonly owner: Viewer;
  /** May do nothing with what is the owner's. */
  readonly stranger: Viewer;
  /** May do everything with everybody's. */
  readonly operator: Viewer;
  /** A folder that tasks can write to; null: they are imitated, and do from their first moment what their command line says. */
  readonly marks: string | null;
  /** How many tasks of one core run at a time; the suite fills it and expects the next task to wait. */
  readonly capacity: number;
  /** A job may have several tasks, and stay CONFIGURING until it is submitted. */
  readonly hasManyTasks: boolean;
  /** The least value that a sweep may start at. */
  readonly leastValue: 0 | 1;
  /** A cancel with force kills at once what runs. */
  readonly killsAtOnce: boolean;
  /** A cancel with force kills at once what is CANCELING. */
  readonly escalates: boolean;
  /** Makes the scheduler unreachable, and reachable again; null: it cannot be. */
  readonly outage: { readonly begin: () => Promise<void>; readonly end: () => Promise<void> } | null;
  /**
   * States that a task passes on its way, and of which it is chance whether they are seen: tests compare the way without them. HPC Pack shows
   * VALIDATING and DISPATCHING for as long as they last, and reading comes by at any time. The others have none such: what they show is compared
   * whole.
   */
  readonly passing: ReadonlySet<TaskState>;
  /** How long to wait for what must come, in milliseconds. */
  readonly patience: number;
  close(): Promise<void>;
}
