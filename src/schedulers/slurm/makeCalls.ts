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
