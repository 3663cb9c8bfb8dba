import { type Clock } from '../../domain/Clock.js';

/** The longest that one `setTimeout` can wait, in milliseconds. */
const MAX_DELAY = 2_147_483_647;

/** The machine's clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  at(time, action) {
    let timer: NodeJS.Timeout;
    const arm = (): void => {
      const delay = Math.max(0, time - Date.now());
      timer = setTimeout(delay > MAX_DELAY ? arm : action, Math.min(delay, MAX_DELAY));
      timer.unref();
    };
    arm();
    return () => {
      clearTimeout(timer);
    };
  },
};
