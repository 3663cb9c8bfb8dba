import { type Refusal } from '../../domain/Refusal.js';
import { schedulerRefused, schedulerUnavailable } from '../remote/refusals.js';
import { type SlurmReply } from './readReply.js';

/** What a client is told of a call that was not done. */
export function refusalOf(reply: Exclude<SlurmReply, { readonly kind: 'DONE' }>): Refusal {
  switch (reply.kind) {
    case 'UNAVAILABLE':
      return schedulerUnavailable(`${reply.message}.`);
    case 'UNKNOWN':
      return schedulerUnavailable(`It is not known whether it was done: ${reply.message}.`);
    case 'REFUSED':
      return reply.problem === 'DENIED'
        ? { kind: 'FORBIDDEN', code: 'FORBIDDEN', message: `${reply.message}.`, path: null }
        : schedulerRefused(`${reply.message}.`);
  }
}
