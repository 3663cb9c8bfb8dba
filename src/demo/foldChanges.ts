import { InstanceSet } from '../domain/InstanceSet.js';
import { type ChangeCause, type JobState, type TaskState } from './operations.generated.js';

/** The subject of a job's own changes. */
export const JOB = 'job';

/** One change as the table shows it. */
export interface ShownChange {
  /** The task's id within the job, or {@link JOB}. */
  readonly subject: string;
  /** Null: it was just created. */
  readonly previousState: TaskState | JobState | null;
  readonly state: TaskState | JobState;
  readonly cause: ChangeCause;
  readonly message: string | null;
  readonly actor: string | null;
  /** Epoch milliseconds. */
  readonly occurredAt: number;
}

/** A row of the table: a change that several went through together. `subject` and `occurredAt` are the first one's. */
export interface ChangeRow extends ShownChange {
  readonly subjects: readonly string[];
}

/**
 * Folds changes that arrived together, so that "24 subtasks went from QUEUED to CANCELED" is one row. Rows come in the order of time of
 * their first change, the job's after its tasks'. A change joins an earlier row only where no row after it has the same subject: read from above, each
 * subject's own changes stay in order.
 */
export function foldChanges(changes: readonly ShownChange[]): readonly ChangeRow[] {
  const rows: { readonly change: ShownChange; readonly subjects: Set<string> }[] = [];
  const isJob = ({ subject }: ShownChange): number => Number(subject === JOB);
  for (const change of changes.toSorted((a, b) => a.occurredAt - b.occurredAt || isJob(a) - isJob(b))) {
    const earliest = rows.findLastIndex(({ subjects }) => subjects.has(change.subject)) + 1;
    const row = rows.slice(earliest).find((candidate) => isAlike(candidate.change, change));
    if (row === undefined) rows.push({ change, subjects: new Set([change.subject]) });
    else row.subjects.add(change.subject);
  }
  return rows.map(({ change, subjects }) => ({ ...change, subjects: [...subjects] }));
}

/** The subjects for people: "1, 2, 3, 3.1-24", or "3.1-4,7". */
export function printSubjects(subjects: readonly string[]): string {
  const instances = new Map<string, number[]>();
  const single: string[] = [];
  for (const subject of subjects) {
    const [master, instance] = subject.split('.');
    if (master === undefined || instance === undefined) single.push(subject);
    else instances.set(master, [...(instances.get(master) ?? []), Number(instance)]);
  }
  const folded = [...instances].map(([master, values]) => `${master}.${InstanceSet.of(values).toString()}`);
  return [...single.sort(), ...folded].join(', ');
}

function isAlike(a: ShownChange, b: ShownChange): boolean {
  return (
    (a.subject === JOB) === (b.subject === JOB) &&
    a.previousState === b.previousState &&
    a.state === b.state &&
    a.cause === b.cause &&
    a.message === b.message &&
    a.actor === b.actor
  );
}
