import { readAnnotations, type TaskKey } from './readAnnotations.js';
import { serveSubgraph } from './serveSubgraph.js';

interface Note {
  readonly task: Task;
  readonly text: string;
  readonly writtenAt: string;
}

interface Task {
  readonly jobId: string;
  readonly taskId: string;
}

/** A task as a router names it. */
interface TaskReference extends Partial<Task> {
  readonly id?: string;
  /** Where a field requires it. */
  readonly state?: string;
}

const notes: Note[] = [];

interface PageArguments {
  readonly last: number;
}

const pageOf = (all: readonly Note[], { last }: PageArguments): object => {
  const nodes = all.slice(Math.max(0, all.length - last));
  const hasPreviousPage = nodes.length < all.length;
  return { nodes, pageInfo: { hasNextPage: false, hasPreviousPage, startCursor: null, endCursor: null } };
};
const notesOn = ({ jobId, taskId }: Task): readonly Note[] =>
  notes.filter(({ task }) => task.jobId === jobId && task.taskId === taskId);

const only = process.env['TASK_KEY'] as TaskKey | undefined;

await serveSubgraph('annotations', Number(process.env['PORT'] ?? 0), readAnnotations(only ?? null), {
  Query: { annotations: (_root: unknown, args: PageArguments) => pageOf(notes, args) },
  Mutation: {
    annotateTask: (_root: unknown, { jobId, taskId, text }: Task & { text: string }): Note => {
      const note = { task: { jobId, taskId }, text, writtenAt: new Date().toISOString() };
      notes.push(note);
      return note;
    },
  },
  Annotation: { author: () => ({ id: 'ada' }) },
  Task: {
    __resolveReference: ({ id, jobId, taskId, state }: TaskReference) => {
      const namedBy: TaskKey = id === undefined ? 'jobId taskId' : 'id';
      const [job, ...task] = id === undefined ? [jobId, taskId] : id.split('.');
      return { jobId: job, taskId: task.join('.'), state, namedBy };
    },
    id: ({ jobId, taskId }: Task) => `${jobId}.${taskId}`,
    annotations: (task: Task, args: PageArguments) => pageOf(notesOn(task), args),
    headline: (task: Task & TaskReference) => [task.state, ...notesOn(task).map(({ text }) => text)].join(': '),
  },
});
