import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DEVELOPMENT_FOLDER } from './developmentFolder.js';
import { SlurmCluster } from './SlurmCluster.js';

/** Starts the development cluster, and prints the settings with which a gateway finds it. It runs until `npm run slurm:down`. */

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '2' },
    accounting: { type: 'boolean', default: false },
    'kill-wait': { type: 'string', default: '10' },
    folder: { type: 'string', default: DEVELOPMENT_FOLDER },
  },
});

if (process.getuid?.() !== 0) fail('it takes the rights of root: its jobs run as other users');
if (existsSync(values.folder)) fail(`there is one in ${values.folder} already; npm run slurm:down ends it`);

const cluster = await SlurmCluster.startDetached(values.folder, {
  nodes: Number(values.nodes),
  accounting: values.accounting,
  killWait: Number(values['kill-wait']),
});
const settings: Readonly<Record<string, string>> = {
  TASKGATE_SCHEDULER: 'slurm',
  TASKGATE_SLURM_URL: cluster.url,
  TASKGATE_SLURM_USER: 'slurm',
  TASKGATE_SLURM_JWT_KEY_FILE: cluster.jwtKeyFile,
  TASKGATE_SLURM_JOBCOMP_FILE: cluster.jobcompFile ?? '',
  TASKGATE_SLURM_BIN_DIR: cluster.binFolder,
  TASKGATE_SLURM_CONF: cluster.configFile,
  SLURM_CONF: cluster.configFile,
};
for (const [name, value] of Object.entries(settings)) console.log(`export ${name}=${value}`);

function fail(problem: string): never {
  process.stderr.write(`slurm:up: ${problem}\n`);
  process.exit(1);
}
