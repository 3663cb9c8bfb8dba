import { shown } from '../../domain/observeTask.js';
import { type JobUpdate } from '../store/JobUpdate.js';

/**
 * Nothing more will be heard of a job whose id stands for another: what was not over ends as not known, and cancels that were under way are given up,
 * so that none reaches the other job.
 */
export function endReplaced(job: JobUpdate): void {
  const { store } = job.context;
  const { id } = job.job;
  const message = 'The scheduler gave the id to another job';
  const observed = shown('FAILED', { endReason: 'UNKNOWN', message });
  for (const row of store.topTasks(id)) {
    const { taskNumber } = row.ref;
    if (row.type !== 'PARAMETRIC_SWEEP') {
      job.advance(row, { type: 'OBSERVE', observed });
      continue;
    }
    job.holdMaster(taskNumber, () => {
      for (const group of store.groups(id, taskNumber)) job.advanceGroup(group, { type: 'OBSERVE', observed });
      for (const subtask of store.openSubtasks(id, taskNumber)) job.advance(subtask, { type: 'OBSERVE', observed });
    });
  }
  job.finish();
  for (const open of store.openCancellationsOf(id))
    job.saveCancellation({ ...open, phase: 'LOST', completedAt: job.context.now });
}
