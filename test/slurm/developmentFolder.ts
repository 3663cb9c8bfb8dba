import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the cluster of `npm run slurm:up` lies. */
export const DEVELOPMENT_FOLDER = join(tmpdir(), 'taskgate-slurm');
