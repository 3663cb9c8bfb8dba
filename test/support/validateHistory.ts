import { type Change } from './jobs.js';

const TERMINAL = new Set(['FINISHED', 'FAILED', 'CANCELED']);

/**
 * What is wrong with a recorded history of task changes, by the change log's guarantees (names after etcd's watch guarantees):
 * Unique: no change twice. Ordered: a task's previousState is the state of its former change. Terminal states are left by requeue only.
 */
export function findHistoryProblems(history: readonly Change[]): readonly string[] {
  const problems: string[] = [];
  const cursors = new Set<string>();
  const states = new Map<string, string>();
  for (const { cursor, id, previousState, state, cause } of history) {
    const what = `${id} ${previousState ?? 'nothing'} -> ${state} (${cause})`;
    if (cursors.has(cursor)) problems.push(`seen twice: ${what}`);
    cursors.add(cursor);
    const former = states.get(id) ?? null;
    if (former !== previousState) problems.push(`former state is ${former ?? 'nothing'}: ${what}`);
    if (former !== null && TERMINAL.has(former) && cause !== 'REQUEUED')
      problems.push(`left a terminal state: ${what}`);
    states.set(id, state);
  }
  return problems;
}
