import { type CreateJobInput } from './operations.generated.js';

/** How many of the sweep's subtasks end by themselves before the demo cancels; the others would take a minute. */
export const QUICK_SUBTASKS = 4;

/** How many subtasks the sweep has. */
export const SUBTASKS = 24;

const CAREFUL = `
stop() {
  echo "SIGTERM at step $step. The cancel file says:"
  cat "$TASKGATE_CANCEL_FILE"
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

/** The tasks of the demo's job, by their ids, as it tells of them. */
export const DEMO_TASKS = [
  { taskId: '1', title: 'careful', about: 'handles SIGTERM: reads why, saves its work, exits with 0' },
  { taskId: '2', title: 'stubborn', about: 'ignores SIGTERM, and so does its child' },
  { taskId: '3', title: 'frames', about: `a sweep of ${SUBTASKS}: 3.1 to 3.${SUBTASKS}` },
] as const;

/** The job that the demo submits: its tasks get the ids of {@link DEMO_TASKS}. */
export const DEMO_JOB: CreateJobInput = {
  name: 'taskgate demo',
  tasks: [
    { name: DEMO_TASKS[0].title, commandLine: CAREFUL },
    { name: DEMO_TASKS[1].title, commandLine: STUBBORN },
    {
      name: `${DEMO_TASKS[2].title} *`,
      commandLine: `sleep $((* <= ${QUICK_SUBTASKS} ? 1 : 60)); echo "frame * is done"`,
      sweep: { start: 1, end: SUBTASKS },
    },
  ],
};
