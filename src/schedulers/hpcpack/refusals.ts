import { type TaskRef } from '../../domain/ids.js';
import { jobNotFound, type Refusal as DomainRefusal, taskNotFound } from '../../domain/Refusal.js';
import { schedulerRefused, schedulerUnavailable, unsupported } from '../remote/refusals.js';
import { refusalMeaning } from './mapping.js';
import { type Refusal, type Unanswered } from './Reply.js';

/** Why a command on a job, or a task of it, was not done, in the domain's words. What a state does not allow is told by reading it, not from here. */
export function refusalOf(reply: Refusal | Unanswered, jobId: number, ref: TaskRef | null): DomainRefusal {
  if (reply.kind === 'UNANSWERED')
    return schedulerUnavailable(reply.message, ...(reply.retryAfterSeconds === null ? [] : [reply.retryAfterSeconds]));
  switch (refusalMeaning(reply)) {
    case 'FORBIDDEN':
      return { kind: 'FORBIDDEN', code: 'FORBIDDEN', message: reply.message, path: null };
    case 'NOT_FOUND':
      return ref === null ? jobNotFound(jobId) : taskNotFound(ref);
    case 'NOT_EXPANDED':
      return unsupported('The subtask does not exist before its sweep runs; cancel the sweep instead.', ['taskId']);
    case 'TASK_STATE':
    case 'JOB_STATE':
    case 'MESSAGE_TOO_LONG':
    case 'QUERY_LOST':
    case 'UNKNOWN':
      return schedulerRefused(reply.message);
  }
}
