import { type JobId, parseJobId, parseTaskId, type TaskRef } from '../domain/ids.js';
import { done, invalidInput, type Outcome, refused } from '../domain/Refusal.js';
import { quote } from '../domain/text.js';
import { refusalError } from './errors.js';

/** Reads a job id argument; anything else than an id is INVALID_INPUT, never a lookup. */
export function readJobId(jobId: string): Outcome<JobId> {
  const id = parseJobId(jobId);
  if (id !== null) return done(id);
  return refused(invalidInput(`jobId is ${quote(jobId)}; it must be a job's id, such as "42".`, ['jobId']));
}

/** Reads the two id arguments that name a task. */
export function readTaskRef({ jobId, taskId }: { readonly jobId: string; readonly taskId: string }): Outcome<TaskRef> {
  const job = readJobId(jobId);
  if (!job.ok) return job;
  const ref = parseTaskId(job.value, taskId);
  if (ref !== null) return done(ref);
  const message = `taskId is ${quote(taskId)}; it must be a task's id within its job, such as "3", or a subtask's, such as "3.17".`;
  return refused(invalidInput(message, ['taskId']));
}

/**
 * The value of an outcome, for queries and subscriptions, which carry refusals as top-level errors.
 *
 * @throws GraphQLError the first refusal
 */
export function orThrow<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value;
  throw refusalError(outcome.refusals[0]);
}
