import { type Refusal } from '../../domain/Refusal.js';
import { schedulerRefused } from '../remote/refusals.js';
import { type SlurmReply } from './readReply.js';
import { type CodecAnswer } from './SlurmCodec.js';
import { type SlurmLink } from './SlurmLink.js';

/** How long a command may take, in milliseconds. Longer than that its answer is read from Slurm's records. */
export const COMMAND_MS = 15_000;

/** Makes the calls of a command as this user, one after another; the first that is not done is the answer. */
export async function makeCalls(
  link: Pick<SlurmLink, 'call'>,
  user: string,
  { calls }: Extract<CodecAnswer, { readonly kind: 'CALLS' }>,
): Promise<SlurmReply> {
  let reply: SlurmReply = { kind: 'DONE', body: null };
  for (const call of calls) {
    reply = await link.call(user, () => call, COMMAND_MS);
    if (reply.kind !== 'DONE') return reply;
  }
  return reply;
}

/**
 * What a user is told whose token Slurm refuses; null: it does not. The answer UNAUTHENTICATED is also given where slurmctld went away in the middle,
 * and may have done what was asked for.
 */
export async function tokenRefusal(link: Pick<SlurmLink, 'call' | 'status'>, user: string): Promise<Refusal | null> {
  const answer = await link.call(user, (codec) => codec.diagnostics(), COMMAND_MS);
  const isTaken = answer.kind === 'DONE' || (answer.kind === 'REFUSED' && answer.problem === 'DENIED');
  const isRefused = !isTaken && link.status.isUp;
  return isRefused ? schedulerRefused(`Slurm does not take the gateway's word for user ${user}.`) : null;
}
