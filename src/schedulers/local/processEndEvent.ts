import { type TaskEvent } from '../../domain/advanceTask.js';
import { type ProcessEnd } from './TaskProcess.js';

/** What the end of a task's process means to the task. */
export function processEndEvent(end: ProcessEnd): TaskEvent {
  switch (end.kind) {
    case 'EXIT':
      return { type: 'EXIT', exitCode: end.exitCode, signal: end.signal };
    case 'START_FAILED':
      return { type: 'START_FAILED', message: end.message };
    case 'LOST':
      return { type: 'LOST', endReason: end.endReason, message: end.message };
  }
}
