import fc from 'fast-check';

/** A command to run as a task. With short lives, so that a round has many ends; each but the last ends by itself. */
export const COMMANDS = [
  'true',
  'exit 3',
  'sleep 0.05',
  'sleep 0.2; exit $(( $$ % 2 ))',
  'kill -9 $$',
  "trap 'exit 0' TERM; sleep 0.4 & wait",
  "trap '' TERM; sleep 0.4",
  'sleep 30',
] as const;

const whichOf = fc.nat({ max: 1_000_000 });

const anyTask = fc.record({
  commandLine: fc.constantFrom(...COMMANDS),
  /** How many subtasks; null: a basic task. */
  subtasks: fc.oneof(fc.constant(null), fc.integer({ min: 2, max: 24 })),
  runtimeSeconds: fc.constantFrom(null, null, null, 1),
});

const anyCommand = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('createJob' as const),
      tasks: fc.array(anyTask, { minLength: 1, maxLength: 3 }),
      failOnTaskFailure: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'cancelTask' as const,
        'cancelTask' as const,
        'finishTask' as const,
        'requeueTask' as const,
      ),
      job: whichOf,
      task: whichOf,
      /** Null: the master. */
      subtask: fc.option(whichOf),
      force: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom('cancelJob' as const, 'finishJob' as const, 'requeueJob' as const, 'requeueJob' as const),
      job: whichOf,
      force: fc.boolean(),
    }),
  },
);

const anyReading = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('open' as const),
      road: fc.constantFrom(
        'taskStateChanged' as const,
        'taskStateChanged' as const,
        'taskFeed' as const,
        'taskFeedRanges' as const,
      ),
      scope: fc.constantFrom('ALL' as const, 'JOB' as const, 'TASK' as const),
      job: whichOf,
      task: whichOf,
      after: fc.constantFrom('LIVE' as const, 'START' as const, 'HELD' as const),
      held: whichOf,
      /** How many readers subscribe to just this. */
      times: fc.constantFrom(1, 1, 2),
      maxLatencyMs: fc.constantFrom(0, 20, 100),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('cut' as const, 'reopen' as const), reader: whichOf }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('stall' as const, 'proceed' as const), reader: whichOf }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('page' as const),
      held: whichOf,
      pageSize: fc.integer({ min: 1, max: 100 }),
    }),
  },
);

const anyKill = fc.record({ kind: fc.constant('kill' as const), awayMs: fc.constantFrom(0, 20, 150) });
const anyFreeze = fc.record({ kind: fc.constant('freeze' as const), forMs: fc.constantFrom(5, 30, 120) });
const anyBehind = fc.record({ kind: fc.constant('behind' as const), which: whichOf });
/** Seldom more than one kill: to start again takes longer than all the rest. */
const anyFaults = fc
  .tuple(
    fc.constantFrom(0, 1, 1, 1, 1, 2).chain((length) => fc.array(anyKill, { minLength: length, maxLength: length })),
    fc.array(anyFreeze, { maxLength: 2 }),
  )
  .map(([kills, freezes]): readonly FaultStep[] => [...kills, ...freezes]);

type Timed<Step> = { readonly waitMs: number } & Step;
type ValueOf<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** A command to the gateway; numbers choose among what there is at its time. */
export type CommandStep = ValueOf<typeof anyCommand>;
/** Something that a reader does. */
export type ReadingStep = ValueOf<typeof anyReading>;
/** Something that happens to the gateway. */
export type FaultStep = ValueOf<typeof anyKill> | ValueOf<typeof anyFreeze> | BehindStep;
/** Something that happens to the scheduler behind the gateway; the number chooses among what can. */
export type BehindStep = ValueOf<typeof anyBehind>;
/** One step of a plan. */
export type Step = CommandStep | ReadingStep | FaultStep;
/** A plan's steps; each is begun `waitMs` after the one before, whether that is over or not. */
export type Plan = readonly Timed<Step>[];

const anyWait = fc.constantFrom(0, 0, 0, 5, 15, 40);
const anySteps = fc.array(
  fc.tuple(
    anyWait,
    fc.oneof<[fc.WeightedArbitrary<CommandStep>, fc.WeightedArbitrary<ReadingStep>]>(
      { weight: 9, arbitrary: anyCommand },
      { weight: 7, arbitrary: anyReading },
    ),
  ),
  { minLength: 35, maxLength: 50, size: 'max' },
);
const anyPlaces = fc.array(fc.double({ min: 0.05, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });

const anyBehinds = fc.array(fc.tuple(anyBehind, fc.double({ min: 0.05, max: 1, noNaN: true })), {
  minLength: 1,
  maxLength: 3,
});

/** The plan with faults of the scheduler behind the gateway at random points of it, for the same seed the same ones. */
export function withFaultsBehind(plan: Plan, seed: number): Plan {
  const [faults = []] = fc.sample(anyBehinds, { seed, numRuns: 1 });
  return faults.reduce<Plan>(
    (before, [fault, place]) => before.toSpliced(Math.floor(place * before.length), 0, { waitMs: 0, ...fault }),
    plan,
  );
}

/** The plan that this seed stands for: always the same, and without its faults the same load. */
export function planOf(seed: number, withFaults: boolean): Plan {
  const [[steps, faults, places] = [[], [], []]] = fc.sample(fc.tuple(anySteps, anyFaults, anyPlaces), {
    seed,
    numRuns: 1,
  });
  const plan = steps.map(([waitMs, step]): Plan[number] => ({ waitMs, ...step }));
  if (!withFaults) return plan;
  return faults.reduce<Plan>(
    (before, fault, index) =>
      before.toSpliced(Math.floor((places[index] ?? 1) * before.length), 0, { waitMs: 0, ...fault }),
    plan,
  );
}
