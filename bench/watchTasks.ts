import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type Time } from './client.js';

/** A subscriber to the changes of one job's tasks, who notes when each arrives. */
export interface TaskWatch {
  /** When the task's change into the state arrived, or will have; rejects where the subscription ends before. */
  reached(taskId: string, state: string): Promise<Time>;
  close(): Promise<void>;
}

const CHANGES = `subscription ($jobId: ID!, $after: Cursor) {
  taskStateChanged(jobId: $jobId, after: $after) { state task { taskId } }
}`;

/** Subscribes over a WebSocket of its own, from the cursor on: nothing after it is missed. */
export function watchTasks(wsUrl: string, jobId: string, after: string): TaskWatch {
  const arrivals = new Map<string, PromiseWithResolvers<Time>>();
  let failure: Error | null = null;
  const arrivalOf = (taskId: string, state: string): PromiseWithResolvers<Time> => {
    const key = `${taskId} ${state}`;
    let arrival = arrivals.get(key);
    if (arrival === undefined) {
      arrivals.set(key, (arrival = Promise.withResolvers<Time>()));
      arrival.promise.catch(() => undefined);
      if (failure !== null) arrival.reject(failure);
    }
    return arrival;
  };
  const fail = (reason: unknown): void => {
    failure = new Error(`The subscription ended: ${JSON.stringify(reason)}`);
    for (const arrival of arrivals.values()) arrival.reject(failure);
  };
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  client.subscribe<{ taskStateChanged: { state: string; task: { taskId: string } } }>(
    { query: CHANGES, variables: { jobId, after } },
    {
      next({ data, errors }) {
        const now = performance.now();
        if (data == null) fail(errors);
        else arrivalOf(data.taskStateChanged.task.taskId, data.taskStateChanged.state).resolve(now);
      },
      error: fail,
      complete: () => fail('complete'),
    },
  );
  return {
    reached: (taskId, state) => arrivalOf(taskId, state).promise,
    close: async () => client.dispose(),
  };
}
