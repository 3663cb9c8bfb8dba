import { execute, parse } from 'graphql';
import { expect, test } from 'vitest';
import { type Viewer } from '../../src/domain/access.js';
import { SubscriberIndex } from '../../src/feed/SubscriberIndex.js';
import { buildTaskgateSchema } from '../../src/graphql/buildTaskgateSchema.js';
import { createContext } from '../../src/graphql/GraphQLContext.js';
import { JOB } from '../conformance/steps.js';
import { ada, operator, RemoteWorld, sighting, subtasks } from './RemoteWorld.js';

/** A gateway whose job 7, a sweep of ada's, has lost its id to a job of eve's. */
async function openReused(): Promise<RemoteWorld> {
  const world = await RemoteWorld.open();
  world.showSweep({ start: 1, end: 2, increment: 1 }, [subtasks([1], 'RUNNING')], sighting('QUEUED'));
  const other = world.job({ self: sighting('QUEUED') });
  const definition = { owner: 'eve', spec: JOB, createdAt: world.clock.now() };
  world.driver.sink.observe([{ ...other, replaces: true, definition }]);
  return world;
}

/** What the viewer is answered. */
async function ask({ scheduler, log, clock }: RemoteWorld, viewer: Viewer, query: string): Promise<unknown> {
  const parts = { scheduler, log, index: new SubscriberIndex(log), clock, bookmarkSeconds: 5 };
  const contextValue = createContext(parts, viewer);
  const answer = await execute({ schema: await buildTaskgateSchema(), document: parse(query), contextValue });
  expect(answer.errors).toBeUndefined();
  return answer.data;
}

test('The changes of a job whose id was given to another are read as before, by its owner', async () => {
  const world = await openReused();
  const { taskChanges } = (await ask(
    world,
    ada,
    '{ taskChanges { nodes { state task { id type job { owner { id } } } } } }',
  )) as { taskChanges: { nodes: readonly { state: string; task: object }[] } };
  const ended = taskChanges.nodes.slice(-3).map(({ state, task }) => ({ state, ...task }));
  const job = { owner: { id: 'ada' } };
  expect(ended).toEqual([
    { state: 'FAILED', id: '7.1.2', type: 'BASIC', job },
    { state: 'FAILED', id: '7.1.1', type: 'BASIC', job },
    { state: 'FAILED', id: '7.1', type: 'PARAMETRIC_SWEEP', job },
  ]);
  await world.close();
});

test('The changes of a task whose id was that of another are its own', async () => {
  const world = await openReused();
  const eve: Viewer = { user: 'eve', scopes: new Set(['READ']) };
  const query = '{ task(jobId: "7", taskId: "1") { changes { nodes { previousState state task { id type } } } } }';
  const task = { id: '7.1', type: 'BASIC' };
  for (const viewer of [eve, operator]) {
    expect(await ask(world, viewer, query)).toEqual({
      task: {
        changes: {
          nodes: [
            { previousState: null, state: 'CONFIGURING', task },
            { previousState: 'CONFIGURING', state: 'SUBMITTED', task },
            { previousState: 'SUBMITTED', state: 'QUEUED', task },
          ],
        },
      },
    });
  }
  await world.close();
});
