import { type Screen } from './Screen.js';

/** How often the line on a terminal changes, in milliseconds; elsewhere a line of its own comes every other second. */
const LIVE_MS = 100;
const PLAIN_MS = 2_000;

const BAR_WIDTH = 30;

/** Counts a grace period down: in place on a terminal, elsewhere by a few plain lines. */
export class Countdown {
  readonly #screen: Screen;
  readonly #timer: NodeJS.Timeout;

  /**
   * Starts it.
   *
   * @param taskId - whose grace period it is
   * @param startedAt - when it began, epoch milliseconds
   * @param expiresAt - when it ends, epoch milliseconds
   */
  constructor(screen: Screen, taskId: string, startedAt: number, expiresAt: number) {
    this.#screen = screen;
    const show = (): void => {
      const left = Math.max(0, expiresAt - Date.now());
      const text = `${' '.repeat(8)}task ${taskId} is still there; SIGKILL in ${(left / 1000).toFixed(1)} s`;
      const filled = Math.round((BAR_WIDTH * left) / Math.max(1, expiresAt - startedAt));
      if (screen.isLive) screen.bottom(`${text}  ${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}`);
      else if (left > 0) screen.print(text);
    };
    this.#timer = setInterval(show, screen.isLive ? LIVE_MS : PLAIN_MS);
  }

  /** Ends it. */
  stop(): void {
    clearInterval(this.#timer);
    this.#screen.bottom(null);
  }
}
