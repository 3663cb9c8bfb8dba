import { parseArgs } from 'node:util';
import { makeCertificate } from './certificate.js';
import { ACCOUNTS, EMULATION_NOTICE, HpcPackEmulator } from './HpcPackEmulator.js';
import { LIKELY, UNLIKELY } from './Switches.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8443' },
    tls: { type: 'boolean', default: false },
    unlikely: { type: 'boolean', default: false },
    'grace-seconds': { type: 'string', default: '15' },
    'no-push': { type: 'boolean', default: false },
  },
});

const emulator = await HpcPackEmulator.start({
  port: Number(values.port),
  gracePeriodMs: 1000 * Number(values['grace-seconds']),
  switches: values.unlikely ? UNLIKELY : LIKELY,
  push: !values['no-push'],
  ...(values.tls ? { certificate: makeCertificate() } : {}),
});
const users = ACCOUNTS.map(({ name, password }) => `  ${name} ${password}`);
process.stdout.write(
  [EMULATION_NOTICE, `listening on ${emulator.url}/hpc`, 'users and passwords:', ...users, ''].join('\n'),
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void emulator.close());
