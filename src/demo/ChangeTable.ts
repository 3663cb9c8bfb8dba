import { type ChangeRow, foldChanges, printSubjects, type ShownChange } from './foldChanges.js';
import { type Screen, type Style } from './Screen.js';

/** Changes may share a row while each arrives within so many milliseconds of the one before, but none waits longer than the second. */
const QUIET_MS = 80;
const WAIT_MS = 400;

const WIDTHS = { time: 6, subject: 15, states: 23, cause: 20 };

const STATE_STYLES: Readonly<Partial<Record<ShownChange['state'], Style>>> = {
  RUNNING: 'cyan',
  CANCELING: 'magenta',
  FINISHED: 'green',
  FAILED: 'red',
  CANCELED: 'yellow',
};

/** The table of changes: writes a row soon after they happened. Times are seconds since the first change. */
export class ChangeTable {
  readonly #screen: Screen;
  readonly #waiting: ShownChange[] = [];
  #timer: NodeJS.Timeout | null = null;
  #waitsUntil = 0;
  #origin: number | null = null;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** Writes the heads of the columns. */
  printHead(): void {
    const head = ['time/s'.padStart(WIDTHS.time), 'task'.padEnd(WIDTHS.subject), 'from → to'.padEnd(WIDTHS.states)];
    this.#screen.print(this.#screen.paint('bold', [...head, 'cause'.padEnd(WIDTHS.cause), 'by, message'].join('  ')));
  }

  /** Takes a change; its row follows within 400 ms. */
  add(change: ShownChange): void {
    const now = performance.now();
    if (this.#waiting.length === 0) this.#waitsUntil = now + WAIT_MS;
    this.#waiting.push(change);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), Math.max(0, Math.min(QUIET_MS, this.#waitsUntil - now)));
  }

  /** Writes what waits, now. */
  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const row of foldChanges(this.#waiting.splice(0))) this.#print(row);
  }

  /** The moment, in epoch milliseconds, as the column of times has it. */
  time(moment: number): string {
    this.#origin ??= moment;
    return ((moment - this.#origin) / 1000).toFixed(2);
  }

  #print({ subjects, previousState, state, cause, message, actor, occurredAt }: ChangeRow): void {
    const style = STATE_STYLES[state];
    const from = previousState === null ? '' : `${previousState} → `;
    const to = style === undefined ? state : this.#screen.paint(style, state);
    const why = [actor, message === null ? null : `"${message}"`].filter((part) => part !== null);
    const cells = [
      this.time(occurredAt).padStart(WIDTHS.time),
      printSubjects(subjects).padEnd(WIDTHS.subject),
      from + to + ' '.repeat(Math.max(0, WIDTHS.states - from.length - state.length)),
      cause.padEnd(WIDTHS.cause),
      why.join(': '),
    ];
    this.#screen.print(cells.join('  ').trimEnd());
  }
}
