import { describeChange, isOver, type Recording } from './History.js';
import { Findings, type Verdict } from './Verdict.js';

const OVER: ReadonlySet<string> = new Set(['COMPLETED', 'REFUSED', 'LOST']);

/**
 * Every cancel ends: whatever became CANCELING has ended later; each task for which a cancel was accepted has ended behind the cursor that was
 * answered; and each cancellation that is still shown is COMPLETED, REFUSED or LOST. To be asked after all is over. What was canceled is shown,
 * unless the scheduler forgot its job and gave the id to another, which does not have such a task.
 */
export function everyCancelEnds({ log, places, commands, finals, reusesIds }: Recording): Verdict {
  const findings = new Findings();
  const lastEnd = new Map<string, number>();
  const lastCreation = new Map<string, number>();
  log.forEach(({ id, state, cause }, index) => {
    if (isOver(state)) lastEnd.set(id, index + 1);
    if (cause === 'CREATED') lastCreation.set(jobOf(id), index + 1);
  });
  const isReplaced = (id: string): boolean =>
    reusesIds && (lastEnd.get(id) ?? Infinity) < (lastCreation.get(jobOf(id)) ?? 0);
  log.forEach((change, index) => {
    if (change.state !== 'CANCELING') return;
    findings.check((lastEnd.get(change.id) ?? 0) > index, 'log', () => `never ended: ${describeChange(change)}`);
  });
  const shown = new Map(finals.map((final) => [final.id, final]));
  for (const { kind, id, cursor, cancellationId } of commands) {
    if (kind !== 'CANCEL') continue;
    if (id.includes('.')) {
      findings.check(
        (lastEnd.get(id) ?? 0) > (places.get(cursor) ?? Infinity),
        'log',
        () => `cancel ${cancellationId ?? ''} of ${id} was accepted at ${cursor}; it has not ended since`,
      );
    }
    const final = shown.get(id);
    if (final === undefined && isReplaced(id)) continue;
    findings.check(final !== undefined && isOver(final.state), 'log', () => `${id} is ${final?.state ?? 'not shown'}`);
  }
  for (const { id, state, cancellation } of finals) {
    findings.check(state !== 'CANCELING', 'log', () => `${id} is CANCELING for ever`);
    if (cancellation === null) continue;
    findings.check(
      OVER.has(cancellation.phase),
      'log',
      () => `cancellation ${cancellation.id} of ${id} is ${cancellation.phase} for ever`,
    );
  }
  return findings.verdict('every-cancel-ends');
}

function jobOf(id: string): string {
  return id.split('.')[0] ?? id;
}
