import { pino } from 'pino';
import { startServer } from '../../../src/server/startServer.js';
import { type StartContender } from '../contender.js';
import { changeOf, viewer } from '../world.js';

/** Taskgate as it is, with the change log on disk; only the scheduler is the bench's. */
export const start: StartContender = async (world) => {
  const started = await startServer({
    gateway: { schema: world.schema, createContext: world.createContext, readiness: () => ({ ready: true }) },
    viewer,
    host: '127.0.0.1',
    port: 0,
    callbackHosts: [],
    log: pino({ level: 'warn' }),
  });
  if (!started.ok) throw new Error(started.message);
  return {
    port: started.server.port,
    path: '/graphql',
    publish: (jobId, rounds) => world.append(Array.from({ length: rounds }, (_none, round) => changeOf(jobId, round))),
  };
};
