import { UNLIKELY as switches } from '../hpcpack/emulator/Switches.js';
import { describeConformance } from './describeConformance.js';
import { openHpcPack } from './openHpcPack.js';

const NAME = 'HPC Pack, an emulated head node that does what is uncertain the other way';

describeConformance(`${NAME}, with push`, () => openHpcPack({ switches }, 0));
describeConformance(`${NAME}, without push`, () => openHpcPack({ switches }, null));
describeConformance(`${NAME}, with push that loses every third event`, () => openHpcPack({ switches }, 3));
