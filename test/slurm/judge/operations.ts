import fc from 'fast-check';

/** What tasks run: ends of every kind, soon; the last go on until somebody stops them. */
const COMMANDS = [
  'true',
  'exit 3',
  'exit 127',
  'sleep 0.3',
  'sleep 1.5; exit 5',
  'kill -9 $$',
  "trap 'exit 42' TERM; sleep 300 & wait",
  "trap 'exit 0' TERM; sleep 300 & wait",
  "trap '' TERM; sleep 300",
  'sleep 300',
] as const;

/** Chooses among what there is when its turn comes. */
const whichOf = fc.nat({ max: 1_000_000 });

const anySubmission = fc.record({
  kind: fc.constant('submit' as const),
  commandLine: fc.constantFrom(...COMMANDS),
  /** How many elements; null: no array. */
  elements: fc.oneof(fc.constant(null), fc.integer({ min: 2, max: 20 }), fc.integer({ min: 2, max: 20 })),
  increment: fc.constantFrom(1, 1, 3),
});

const anyCancel = fc.record({
  kind: fc.constantFrom('cancelElement' as const, 'cancelRange' as const),
  job: whichOf,
  element: whichOf,
  /** Of a range. */
  size: fc.integer({ min: 1, max: 6 }),
  message: fc.constantFrom(null, 'wrong input', 'Größe stimmt nicht'),
  force: fc.constantFrom(false, false, false, true),
});

const anyOther = fc.record({
  kind: fc.constantFrom(
    ...several(1, 'cancelSweep'),
    ...several(1, 'cancelJob'),
    ...several(6, 'requeueElement'),
    ...several(1, 'requeueJob'),
    ...several(6, 'scancelElement'),
    ...several(1, 'scancelJob'),
    ...several(4, 'scontrolRequeue'),
    ...several(2, 'setLimit'),
  ),
  job: whichOf,
  element: whichOf,
});

const anyWait = fc.constantFrom(0, 0, 10, 30, 100, 200, 400);

const anyOperation = fc.oneof<
  [fc.WeightedArbitrary<Submission>, fc.WeightedArbitrary<Cancel>, fc.WeightedArbitrary<OtherOperation>]
>({ weight: 6, arbitrary: anySubmission }, { weight: 10, arbitrary: anyCancel }, { weight: 9, arbitrary: anyOther });

type ValueOf<Arbitrary> = Arbitrary extends fc.Arbitrary<infer Value> ? Value : never;

/** A job is submitted through the gateway. */
export type Submission = ValueOf<typeof anySubmission>;
/** Elements are canceled through the gateway. */
export type Cancel = ValueOf<typeof anyCancel>;
/** What else is done through the gateway, or past it by Slurm's own commands. */
export type OtherOperation = ValueOf<typeof anyOther>;
/** One operation, begun `waitMs` after the one before, whether that is over or not. */
export type Operation = { readonly waitMs: number } & (Submission | Cancel | OtherOperation);

/** The operations that this seed stands for: always the same. The first three are submissions. */
export function operationsOf(seed: number, count: number): readonly Operation[] {
  const all = fc.tuple(
    fc.array(anySubmission, { minLength: 3, maxLength: 3 }),
    fc.array(fc.tuple(anyWait, anyOperation), { minLength: count - 3, maxLength: count - 3, size: 'max' }),
  );
  const [[first, others] = [[], []]] = fc.sample(all, { seed, numRuns: 1 });
  return [
    ...first.map((operation) => ({ waitMs: 0, ...operation })),
    ...others.map(([waitMs, operation]) => ({ waitMs, ...operation })),
  ];
}

function several<Kind extends string>(times: number, kind: Kind): readonly Kind[] {
  return Array.from({ length: times }, () => kind);
}
