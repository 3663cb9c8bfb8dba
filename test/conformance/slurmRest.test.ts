import { describeSlurm } from './describeSlurm.js';

describeSlurm('REST and nothing else', false, { commands: false, jobcomp: false });
