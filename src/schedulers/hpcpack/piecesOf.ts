import { type ObservedTask } from '../remote/RemoteDriver.js';

/** Tasks that are handed over at a time: taking them in blocks. */
const TASKS_PER_OBSERVE = 200;

/** The tasks in pieces that do not block for long; subtasks that are said one by one count each. */
export function piecesOf(tasks: readonly ObservedTask[]): readonly (readonly ObservedTask[])[] {
  const pieces: ObservedTask[][] = [[]];
  let size = 0;
  for (const task of tasks) {
    for (let from = 0; from === 0 || from < task.subtasks.length; from += TASKS_PER_OBSERVE) {
      const subtasks = task.subtasks.slice(from, from + TASKS_PER_OBSERVE);
      const isLast = from + TASKS_PER_OBSERVE >= task.subtasks.length;
      /** What is not named is everybody else: said with the last piece, when all others are known. */
      const piece = { ...task, subtasks, self: isLast || task.subtasks.length === 0 ? task.self : null };
      if (size + subtasks.length + 1 > TASKS_PER_OBSERVE && size > 0) {
        pieces.push([]);
        size = 0;
      }
      pieces.at(-1)?.push(piece);
      size += subtasks.length + 1;
    }
  }
  return pieces;
}
