import { z } from 'zod';
import { setting } from './Setting.js';
import { decimalNumber, optional, optionalPath, wholeNumber } from './values.js';

/** Microsoft HPC Pack: where it is, as whom it is asked, and how often. */
export const HPC_PACK_SETTINGS = {
  hpcpackUrl: setting({
    env: 'TASKGATE_HPCPACK_URL',
    defaultText: '',
    defaultLabel: 'none',
    meaning:
      "HPC Pack: the head node, without `/hpc`; without TLS only this machine, for the gateway's password goes there",
    allowed: 'https://HOST, https://HOST:PORT, or http://127.0.0.1:PORT of this machine',
    schema: optional(/^(https:\/\/[^/\s]+|http:\/\/(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?)\/?$/).transform(
      (url) => url?.replace(/\/$/, '') ?? null,
    ),
  }),
  hpcpackUser: setting({
    env: 'TASKGATE_HPCPACK_USER',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'HPC Pack: the user as whom the gateway asks; an administrator or job administrator of the cluster',
    allowed: 'DOMAIN\\USER',
    schema: optional(/^[^:\0]+$/),
  }),
  hpcpackPasswordFile: setting({
    env: 'TASKGATE_HPCPACK_PASSWORD_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: "HPC Pack: that user's password; the file is read again when it changes",
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  hpcpackTokenFile: setting({
    env: 'TASKGATE_HPCPACK_TOKEN_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: 'HPC Pack: an Azure AD token in place of user and password; the file is read again when it changes',
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  hpcpackCaFile: setting({
    env: 'TASKGATE_HPCPACK_CA_FILE',
    defaultText: '',
    defaultLabel: 'none',
    meaning: "HPC Pack: the certificates that vouch for the head node's, in PEM, where public authorities do not",
    allowed: 'the path of a file',
    schema: optionalPath(),
  }),
  hpcpackDomain: setting({
    env: 'TASKGATE_HPCPACK_DOMAIN',
    defaultText: '',
    defaultLabel: 'none',
    meaning:
      "HPC Pack: the viewers' Windows domain; what `alice` does is done as `DOMAIN\\alice`. None: as the gateway's user",
    allowed: 'the name of a domain',
    schema: optional(/^[^\\/:\s\0]+$/),
  }),
  hpcpackGracePeriodSeconds: setting({
    env: 'TASKGATE_HPCPACK_GRACE_PERIOD_SECONDS',
    defaultText: '15',
    meaning: 'HPC Pack: its cluster parameter TaskCancelGracePeriod, which its REST API does not tell',
    allowed: 'a number from 0 to 86400, decimals allowed',
    schema: decimalNumber(0, 86_400),
  }),
  hpcpackRequestsPerMinute: setting({
    env: 'TASKGATE_HPCPACK_REQUESTS_PER_MINUTE',
    defaultText: '600',
    meaning: 'HPC Pack: the most requests in any minute, of all that the gateway sends',
    allowed: 'a whole number from 60 to 1000000',
    schema: wholeNumber(60, 1_000_000),
  }),
  hpcpackFastPollSeconds: setting({
    env: 'TASKGATE_HPCPACK_FAST_POLL_SECONDS',
    defaultText: '1',
    meaning: 'HPC Pack: how often a job is read around a cancel; what is quiet is read ever more rarely',
    allowed: 'a number from 0.05 to 60, decimals allowed',
    schema: decimalNumber(0.05, 60),
  }),
  hpcpackPush: setting({
    env: 'TASKGATE_HPCPACK_PUSH',
    defaultText: 'on',
    meaning: "HPC Pack: whether the head node's push events are used where they work; off: all is read",
    allowed: 'on or off',
    schema: z.enum(['on', 'off']),
  }),
} as const;
