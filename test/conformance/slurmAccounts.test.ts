import { describeSlurm } from './describeSlurm.js';

describeSlurm('its commands and accounts', true, { commands: true, jobcomp: false });
