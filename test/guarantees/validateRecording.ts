import { bookmarkable } from './bookmarkable.js';
import { durable } from './durable.js';
import { everyCancelEnds } from './everyCancelEnds.js';
import { type Recording } from './History.js';
import { ordered } from './ordered.js';
import { reliable } from './reliable.js';
import { resumable } from './resumable.js';
import { terminalIsTerminal } from './terminalIsTerminal.js';
import { unique } from './unique.js';
import { type Verdict } from './Verdict.js';

const VALIDATORS = [
  ordered,
  unique,
  reliable,
  resumable,
  bookmarkable,
  durable,
  terminalIsTerminal,
  everyCancelEnds,
] as const;

/** The verdict of each guarantee's validator, in a fixed order. */
export function validateRecording(recording: Recording): readonly Verdict[] {
  return VALIDATORS.map((validate) => validate(recording));
}
