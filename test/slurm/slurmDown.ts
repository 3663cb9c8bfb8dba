import { rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { killCluster } from './clusterProcesses.js';
import { DEVELOPMENT_FOLDER } from './developmentFolder.js';

/** Ends the development cluster with all its jobs, and removes its folder. */

const { values } = parseArgs({ options: { folder: { type: 'string', default: DEVELOPMENT_FOLDER } } });
await killCluster(values.folder);
await rm(values.folder, { recursive: true, force: true });
