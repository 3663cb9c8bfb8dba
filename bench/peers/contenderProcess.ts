import { setImmediate } from 'node:timers/promises';
import { type Command, type Measured, type StartContender } from './contender.js';
import { openWorld } from './world.js';

/** A contender in a process of its own: `contenderProcess.ts NAME`, told what to do by messages. */
const { start } = (await import(`./contenders/${process.argv[2] ?? ''}.ts`)) as { start: StartContender };
const world = await openWorld();
const contender = await start(world);

process.on('message', (command: Command) => {
  void run(command).then((answer) => process.send?.(answer));
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: contender.port, path: contender.path });

async function run(command: Command): Promise<Measured> {
  const publishedAt: number[] = [];
  const begin = performance.now();
  switch (command.kind) {
    case 'PUBLISH':
      for (let job = 2; job < command.jobs + 2; job += 1) {
        contender.publish(job, command.rounds);
        await setImmediate();
      }
      break;
    case 'STEADY':
      for (let count = 0; count < command.count; count += 1) {
        publishedAt.push(Number(process.hrtime.bigint()));
        contender.publish(2, 1);
        await new Promise((resolve) => setTimeout(resolve, command.everyMs));
      }
      break;
    case 'APPEND': {
      const { changeOf } = await import('./world.js');
      world.append(Array.from({ length: command.rounds }, (_none, round) => changeOf(command.job, round)));
      break;
    }
    case 'MEASURE':
      globalThis.gc?.();
      break;
  }
  const publishMs = performance.now() - begin;
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const peakBytes = process.resourceUsage().maxRSS * 1_024;
  return { cpuMicros: user + system, residentBytes: rss, heapBytes: heapUsed, peakBytes, publishMs, publishedAt };
}
