import { type CreateJobInput, type SchedulerKind } from './operations.generated.js';

/** How many of the sweep's subtasks end by themselves before the demo cancels; the others would take a minute. */
const QUICK_SUBTASKS = 4;

/** How many subtasks the sweep has. */
const SUBTASKS = 24;

const CAREFUL = `
stop() {
  echo "SIGTERM at step $step. The cancel file says:"
  cat "\${TASKGATE_CANCEL_FILE:-/dev/null}"
  sleep 0.5
  echo "saved step $step, goodbye"
  exit 0
}
trap stop TERM
step=0
while :; do step=$((step + 1)); sleep 0.1; done
`;

const STUBBORN = `
trap '' TERM
sleep 600 &
echo "process $$ and its child $! ignore SIGTERM"
wait
`;

/** One thing that the demo cancels. */
export interface DemoTask {
  readonly taskId: string;
  readonly title: string;
  readonly about: string;
}

/** What the demo submits and cancels. */
export interface DemoPlan {
  readonly input: CreateJobInput;
  readonly careful: DemoTask;
  readonly stubborn: DemoTask;
  readonly frames: DemoTask;
  /** The subtasks that end by themselves before the demo cancels. */
  readonly quick: readonly string[];
  /** The sweep's other subtasks. */
  readonly slow: readonly string[];
  /** What is canceled in the end stops all that is left: it must be the last where the others are part of it. */
  readonly isOneSweep: boolean;
}

const ABOUT_CAREFUL = 'handles SIGTERM: reads why, saves its work, exits with 0';
const ABOUT_STUBBORN = 'ignores SIGTERM, and so does its child';

/** A job of three tasks; where a job is one task or one sweep, as with Slurm, a sweep whose first two subtasks are the special ones. */
export function demoPlan(kind: SchedulerKind): DemoPlan {
  return kind === 'SLURM' ? oneSweep() : threeTasks();
}

function threeTasks(): DemoPlan {
  const [careful, stubborn, frames] = ['careful', 'stubborn', 'frames'];
  const subtasks = Array.from({ length: SUBTASKS }, (_, index) => `3.${index + 1}`);
  return {
    input: {
      name: 'taskgate demo',
      tasks: [
        { name: careful, commandLine: CAREFUL },
        { name: stubborn, commandLine: STUBBORN },
        {
          name: `${frames} *`,
          commandLine: `sleep $((* <= ${QUICK_SUBTASKS} ? 1 : 60)); echo "frame * is done"`,
          sweep: { start: 1, end: SUBTASKS },
        },
      ],
    },
    careful: { taskId: '1', title: careful, about: ABOUT_CAREFUL },
    stubborn: { taskId: '2', title: stubborn, about: ABOUT_STUBBORN },
    frames: { taskId: '3', title: frames, about: `a sweep of ${SUBTASKS}: 3.1 to 3.${SUBTASKS}` },
    quick: subtasks.slice(0, QUICK_SUBTASKS),
    slow: subtasks.slice(QUICK_SUBTASKS),
    isOneSweep: false,
  };
}

function oneSweep(): DemoPlan {
  const quickest = 2 + QUICK_SUBTASKS;
  const frame = `sleep $((* <= ${quickest} ? 1 : 60)); echo "frame * is done"`;
  const subtasks = Array.from({ length: SUBTASKS }, (_, index) => `1.${index + 1}`);
  return {
    input: {
      name: 'taskgate demo',
      tasks: [
        {
          name: 'frames *',
          /** The last pattern is the value itself, as every star is. */
          commandLine: `case * in\n1) ${CAREFUL} ;;\n2) ${STUBBORN} ;;\n*) ${frame} ;;\nesac`,
          sweep: { start: 1, end: SUBTASKS },
        },
      ],
    },
    careful: { taskId: '1.1', title: 'careful', about: ABOUT_CAREFUL },
    stubborn: { taskId: '1.2', title: 'stubborn', about: ABOUT_STUBBORN },
    frames: { taskId: '1', title: 'frames', about: `a sweep of ${SUBTASKS}: these two, and 1.3 to 1.${SUBTASKS}` },
    quick: subtasks.slice(2, quickest),
    slow: subtasks.slice(quickest),
    isOneSweep: true,
  };
}
