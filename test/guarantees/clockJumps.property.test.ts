import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type TaskSpec } from '../../src/domain/Job.js';
import { LOG_START } from '../../src/log/LogPosition.js';
import { taskSpec } from '../support/taskSpec.js';
import { printVerdicts } from './printVerdicts.js';
import { GRACE_SECONDS, ScriptedWorld } from './ScriptedWorld.js';
import { validateRecording } from './validateRecording.js';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

const spec = (name: string, fields: Partial<TaskSpec> = {}): TaskSpec => taskSpec({ name, ...fields });

const TASKS = [
  spec('first'),
  spec('sweep', { sweep: { start: 1, end: 5, increment: 1 } }),
  spec('limited', { runtimeSeconds: 7 }),
];

const anyRef = fc.constantFrom(
  ...[1, 2, 3].map((taskNumber) => ({ taskNumber, instance: null })),
  ...[1, 2, 5].map((instance) => ({ taskNumber: 2, instance })),
);
const anyJump = fc.constantFrom(-48 * HOUR, -HOUR, -3 * SECOND, 3 * SECOND, HOUR, 48 * HOUR);
const anyStep = fc.oneof(
  fc.record({ kind: fc.constant('cancelTask' as const), ref: anyRef, force: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('finishTask' as const, 'requeueTask' as const), ref: anyRef }),
  fc.record({ kind: fc.constant('cancelJob' as const), force: fc.boolean() }),
  fc.record({ kind: fc.constant('requeueJob' as const) }),
  fc.record({ kind: fc.constant('exit' as const), which: fc.nat(), exitCode: fc.constantFrom(0, 1) }),
  fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, GRACE_SECONDS) }),
  fc.record({ kind: fc.constant('jump' as const), by: anyJump }),
  fc.record({ kind: fc.constant('restart' as const), jump: fc.option(anyJump) }),
  fc.record({ kind: fc.constant('read' as const) }),
);
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

async function take(world: ScriptedWorld, step: Step): Promise<void> {
  switch (step.kind) {
    case 'cancelTask':
    case 'finishTask':
    case 'requeueTask':
    case 'cancelJob':
    case 'requeueJob':
      await world.give(step);
      break;
    case 'exit': {
      const { running } = world.processes;
      running[step.which % Math.max(1, running.length)]?.end({ kind: 'EXIT', exitCode: step.exitCode, signal: null });
      break;
    }
    case 'wait':
      world.clock.advance(step.seconds * SECOND);
      break;
    case 'jump':
      world.clock.jump(step.by);
      break;
    case 'restart':
      await world.restart(() => world.clock.jump(step.jump ?? 0));
      break;
    case 'read':
      world.read(LOG_START);
      break;
  }
  await world.settle();
}

test(
  'Wherever the time of day jumps, also while the gateway is away, no guarantee is violated',
  { timeout: 60_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyStep, { minLength: 5, maxLength: 30 }), async (steps) => {
        await using world = await ScriptedWorld.open(TASKS);
        for (const step of steps) await take(world, step);
        await world.give({ kind: 'cancelJob', force: false });
        world.clock.advance((GRACE_SECONDS + 1) * SECOND);
        await world.settle();
        const violated = validateRecording(await world.recording()).filter(({ offences }) => offences.length > 0);
        expect(printVerdicts(violated)).toBe('');
      }),
      { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 60) },
    );
  },
);

test('A grace period ends in its time where the clock was set back while the gateway was away', async () => {
  await using world = await ScriptedWorld.open([spec('ignores SIGTERM')]);
  await world.give({ kind: 'cancelTask', ref: { taskNumber: 1, instance: null }, force: false });
  await world.restart(() => world.clock.jump(-48 * HOUR));
  world.clock.advance(GRACE_SECONDS * SECOND - 1);
  await world.settle();
  expect(await statesOf(world)).toEqual(['CANCELING']);
  world.clock.advance(1);
  await world.settle();
  expect(await statesOf(world)).toEqual(['FAILED']);
});

test('A time limit holds where the clock was set back while the gateway was away', async () => {
  await using world = await ScriptedWorld.open([spec('limited', { runtimeSeconds: 7 })]);
  await world.restart(() => world.clock.jump(-48 * HOUR));
  world.clock.advance((7 + GRACE_SECONDS) * SECOND);
  await world.settle();
  world.clock.advance(GRACE_SECONDS * SECOND);
  await world.settle();
  expect(await statesOf(world)).toEqual(['FAILED']);
});

async function statesOf(world: ScriptedWorld): Promise<readonly string[]> {
  const { finals } = await world.recording();
  return finals.filter(({ id }) => id.includes('.')).map(({ state }) => state);
}
