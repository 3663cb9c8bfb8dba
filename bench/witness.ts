import { post, type Time } from './client.js';

/** How often the witness asks, in milliseconds. */
const INTERVAL = 20;

const QUERY = JSON.stringify({ query: '{ jobs(first: 20) { nodes { id state taskCounts { running } } } }' });

/**
 * Asks the same small question at a fixed pace while the work runs, whether or not the last one is answered yet.
 *
 * @returns the work's result, and how long each answer took from the moment when it was due to be asked, in milliseconds
 */
export async function underWitness<T>(
  url: string,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly latencies: readonly Time[] }> {
  const latencies: Time[] = [];
  const asked: Promise<void>[] = [];
  let due = performance.now();
  const timer = setInterval(() => {
    for (; due <= performance.now(); due += INTERVAL) {
      const since = due;
      const answer = post(url, QUERY).then(() => void latencies.push(performance.now() - since));
      answer.catch(() => clearInterval(timer));
      asked.push(answer);
    }
  }, INTERVAL);
  try {
    const result = await work();
    clearInterval(timer);
    await Promise.all(asked);
    return { result, latencies };
  } finally {
    clearInterval(timer);
    await Promise.allSettled(asked);
  }
}
