import { type RecordedChange } from '../guarantees/History.js';
import { ordered } from '../guarantees/ordered.js';
import { terminalIsTerminal } from '../guarantees/terminalIsTerminal.js';
import { unique } from '../guarantees/unique.js';

/** What is wrong with a history of task changes from their first on, by the guarantees unique, ordered and terminal-is-terminal. */
export function findHistoryProblems(history: readonly RecordedChange[]): readonly string[] {
  const places = new Map(history.map(({ cursor }, index) => [cursor, index + 1]));
  const nothingElse = { isElsewhere: false, reusesIds: false, histories: [], commands: [], finals: [] };
  const recording = { log: history, logIsWhole: true, places, ...nothingElse };
  return [unique, ordered, terminalIsTerminal].flatMap((validate) =>
    validate(recording).offences.map(({ problem }) => problem),
  );
}
