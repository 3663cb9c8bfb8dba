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

const anyFault = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('kill' as const), awayMs: fc.constantFrom(0, 20, 150) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('freeze' as const), forMs: fc.constantFrom(5, 30, 120) }) },
);

type Timed<Step> = { readonly waitMs: number } & Step;
type ValueOf<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** A command to the gateway; numbers choose among what there is at its time. */
export type CommandStep = ValueOf<typeof anyCommand>;
/** Something that a reader does. */
export type ReadingStep = ValueOf<typeof anyReading>;
/** Something that happens to the gateway. */
export type FaultStep = ValueOf<typeof anyFault>;
/** One step of a plan. */
export type Step = CommandStep | ReadingStep | FaultStep;
/** A plan's steps; each is begun `waitMs` after the one before, whether that is over or not. */
export type Plan = readonly Timed<Step>[];

/** The plan that this seed stands for: always the same. */
export function planOf(seed: number, faults: boolean): Plan {
  const anyStep: fc.Arbitrary<Step> = fc.oneof(
    { weight: 8, arbitrary: anyCommand },
    { weight: 7, arbitrary: anyReading },
    ...(faults ? [{ weight: 1, arbitrary: anyFault }] : []),
  );
  const anyPlan = fc.array(fc.tuple(fc.constantFrom(0, 0, 0, 5, 15, 40), anyStep), {
    minLength: 30,
    maxLength: 45,
    size: 'max',
  });
  const [plan = []] = fc.sample(anyPlan, { seed, numRuns: 1 });
  return plan.map(([waitMs, step]) => ({ waitMs, ...step }));
}
