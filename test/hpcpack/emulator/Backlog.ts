import { type ClusterOptions } from './ClusterOptions.js';
import { isMaster, type JobRecord, type TaskRecord } from './records.js';

/** What the scheduler has before it, the cores that are free for it, and the timer of its next pass. */
export class Backlog {
  /** Jobs and tasks that the next pass moves on by one state. */
  readonly movingJobs = new Set<JobRecord>();
  readonly movingTasks = new Set<TaskRecord>();
  /** Queued basic tasks, instances and masters, in the order in which they were queued. */
  readonly queue = new Set<TaskRecord>();
  readonly #options: ClusterOptions;
  readonly #onPass: () => void;
  readonly #free: Map<string, number>;
  #cancelPass: (() => void) | null = null;

  constructor(options: ClusterOptions, onPass: () => void) {
    this.#options = options;
    this.#onPass = onPass;
    this.#free = new Map(options.nodes.map(({ name, cores }) => [name, cores]));
  }

  /** There is something to do: a pass is made soon. */
  wake(): void {
    const { clock, passMs } = this.#options;
    this.#cancelPass ??= clock.at(clock.now() + passMs, () => {
      this.#cancelPass = null;
      this.#onPass();
    });
  }

  /** No pass is made any more. */
  stop(): void {
    this.#cancelPass?.();
  }

  /** The task moves on with the next pass. */
  move(task: TaskRecord): void {
    this.movingTasks.add(task);
    this.wake();
  }

  /** The scheduler has nothing to do with the task any more. */
  drop(task: TaskRecord): void {
    this.queue.delete(task);
    this.movingTasks.delete(task);
  }

  /** Gives the task the first node with enough free cores; false: there is none. A master needs one, and takes none. */
  allocate(task: TaskRecord): boolean {
    const cores = coresOf(task);
    const node = [...this.#free].find(([, free]) => free >= cores);
    if (node === undefined) return false;
    if (isMaster(task)) return true;
    const [name, free] = node;
    this.#free.set(name, free - cores);
    task.node = name;
    return true;
  }

  /** Takes the task's node from it. */
  release(task: TaskRecord): void {
    if (task.node === null) return;
    this.#free.set(task.node, (this.#free.get(task.node) ?? 0) + coresOf(task));
    task.node = null;
  }
}

function coresOf(task: TaskRecord): number {
  return isMaster(task) ? 1 : Number(task.written.get('MinCores') ?? '1');
}
