import { describeChange, isInScope, isOver, type RecordedChange, type Recording } from './History.js';
import { Findings, type Verdict } from './Verdict.js';

/**
 * Durable: each change that any reader got is in the log, field for field; the effect of each accepted command is in the log behind the
 * cursor that was answered; and each task is shown in the state of its last change. A scheduler elsewhere may accept the end of a job all of
 * whose tasks are over, and which it has not called ended yet.
 */
export function durable({ log, places, isElsewhere, histories, commands, finals }: Recording): Verdict {
  const findings = new Findings();
  const held = new Map(log.map((change) => [change.cursor, change]));
  for (const { reader, events } of histories) {
    for (const event of events) {
      if (event.kind !== 'CHANGES') continue;
      for (const change of event.changes) {
        const record = held.get(change.cursor);
        findings.check(
          record !== undefined && JSON.stringify(record) === JSON.stringify(change),
          reader,
          () =>
            `got ${describeChange(change)}; with its cursor the log holds ${record === undefined ? 'nothing' : describeChange(record)}`,
        );
      }
    }
  }
  for (const { kind, id, cursor } of commands) {
    const place = places.get(cursor);
    const [jobId = '', ...taskId] = id.split('.');
    const scope = { jobId, taskId: taskId.length === 0 ? null : taskId.join('.') };
    const effect = (change: RecordedChange): boolean => {
      if (!isInScope(scope, change.id)) return false;
      if (kind === 'CREATE') return change.id === id && change.previousState === null;
      return kind === 'REQUEUE' ? change.cause === 'REQUEUED' : isOver(change.state);
    };
    findings.check(
      place !== undefined &&
        (log.slice(place).some(effect) || (isElsewhere && hadNothingToStop(kind, log.slice(0, place), scope))),
      'log',
      () => `${kind} of ${id} was accepted; the log shows no effect behind ${cursor}`,
    );
  }
  const states = new Map(log.map(({ id, state }) => [id, state]));
  for (const { id, state } of finals) {
    const last = states.get(id);
    if (last !== undefined)
      findings.check(last === state, 'log', () => `${id} is shown ${state}; its last change was to ${last}`);
  }
  return findings.verdict('durable');
}

/** Whether a job was to be stopped all of whose tasks were over. */
function hadNothingToStop(
  kind: Recording['commands'][number]['kind'],
  before: readonly RecordedChange[],
  scope: Parameters<typeof isInScope>[0],
): boolean {
  if (scope.taskId !== null || (kind !== 'CANCEL' && kind !== 'FINISH')) return false;
  const states = new Map(before.filter(({ id }) => isInScope(scope, id)).map(({ id, state }) => [id, state]));
  return states.size > 0 && [...states.values()].every(isOver);
}
