import { execute, parse } from 'graphql';
import { expect, test } from 'vitest';
import { SubscriberIndex } from '../../src/feed/SubscriberIndex.js';
import { buildTaskgateSchema } from '../../src/graphql/buildTaskgateSchema.js';
import { createContext } from '../../src/graphql/GraphQLContext.js';
import { JOB } from '../conformance/steps.js';
import { ada, RemoteWorld, sighting, subtasks } from './RemoteWorld.js';

test('The changes of a job whose id was given to another are read as before, by its owner', async () => {
  const world = await RemoteWorld.open();
  world.showSweep({ start: 1, end: 2, increment: 1 }, [subtasks([1], 'RUNNING')], sighting('QUEUED'));
  const other = world.job({ self: sighting('QUEUED') });
  const definition = { owner: 'eve', spec: JOB, createdAt: world.clock.now() };
  world.driver.sink.observe([{ ...other, replaces: true, definition }]);
  const { scheduler, log, clock } = world;
  const parts = { scheduler, log, index: new SubscriberIndex(log), clock, bookmarkSeconds: 5 };
  const contextValue = createContext(parts, ada);
  const document = parse('{ taskChanges { nodes { state task { id type job { owner { id } } } } } }');
  const answer = await execute({ schema: await buildTaskgateSchema(), document, contextValue });
  expect(answer.errors).toBeUndefined();
  const { taskChanges } = answer.data as { taskChanges: { nodes: readonly { state: string; task: object }[] } };
  const ended = taskChanges.nodes.slice(-3).map(({ state, task }) => ({ state, ...task }));
  const job = { owner: { id: 'ada' } };
  expect(ended).toEqual([
    { state: 'FAILED', id: '7.1.2', type: 'BASIC', job },
    { state: 'FAILED', id: '7.1.1', type: 'BASIC', job },
    { state: 'FAILED', id: '7.1', type: 'PARAMETRIC_SWEEP', job },
  ]);
  await world.close();
});
