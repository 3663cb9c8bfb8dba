import { describeSlurm } from './describeSlurm.js';

describeSlurm('its commands and the jobcomp file', false, { commands: true, jobcomp: true });
