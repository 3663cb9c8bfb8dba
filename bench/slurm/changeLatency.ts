import { createClient } from 'graphql-ws';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Time } from '../client.js';
import { BackgroundGroup } from './BackgroundGroup.js';
import { SlurmBench, type SubmittedJob, type Watching } from './SlurmBench.js';

/** An array of which as many elements run as there are cores. */
const ELEMENTS = 20_000;
const CORES = 8;
/** Elements that are left to run; enough for as long as it takes. */
const FREE = 400;
const COMMAND = 'sleep 3';

/** The elements that are canceled past the gateway: from the array's end, so that none of them starts. The pause between two, in milliseconds. */
const CANCELS = 500;
const CANCEL_PAUSE_MS = 150;

/** How long after the last cancel its change is waited for, in milliseconds. */
const LAST_MS = 5_000;

const CHANGES = `subscription ($jobId: ID!, $after: Cursor) {
  taskStateChanged(jobId: $jobId, after: $after) { state task { taskId } }
}`;

/** From changes in slurmctld to their arrival at a subscriber, in milliseconds. */
export interface ChangeLatencies {
  /** A pending element that has a record was canceled past the gateway: from the sending of that cancel. */
  readonly canceled: readonly Time[];
  /** From the sending of that cancel to Slurm's answer: within this time the change happened. */
  readonly answered: readonly Time[];
  /** A running element ended by itself: from the line in slurmctld's log that its node is done with it. Until then its record shows COMPLETING, and not how it ended. */
  readonly ended: readonly Time[];
  /** The same from the line that its process has ended, a while of COMPLETING before that. */
  readonly endedWithCompleting: readonly Time[];
  /** An element was given its node: from the line in slurmctld's log. No line of jobcomp tells it. */
  readonly started: readonly Time[];
  /** Changes of which no subscriber was told. */
  readonly missed: number;
}

/** Arrivals of an element's states at a subscriber, in epoch milliseconds with fractions. */
type Arrivals = Map<string, Time>;

/** What is measured. */
export interface ChangeLatencyPlan {
  readonly watching: Watching;
  /** Whether all elements have records of their own; else those that have started, and those that are canceled. */
  readonly haveRecords: boolean;
  /** Whether the node and its tasks only get the CPU that the others leave, as if it were another machine. */
  readonly isNodeApart: boolean;
}

/** Measures on a cluster of its own with an array of 20,000 elements. */
export async function changeLatency({
  watching,
  haveRecords,
  isNodeApart,
}: ChangeLatencyPlan): Promise<ChangeLatencies> {
  const extraConfig = ['SlurmctldDebug=verbose', 'DebugFlags=TraceJobs'];
  await using group = isNodeApart ? await BackgroundGroup.make() : null;
  await using bench = await SlurmBench.start({ cpusPerNode: CORES, jobcomp: watching.jobcomp, extraConfig }, 2);
  await group?.add(bench.cluster.pid('slurmd-n1'));
  await using gateway = await bench.gateway(watching);
  const job = await bench.submit(gateway, COMMAND, ELEMENTS);
  await bench.untilRunning(gateway, job, CORES);
  await bench.hold(job.id, haveRecords ? FREE + 1 : ELEMENTS - CANCELS + 1, ELEMENTS);
  const arrivals: Arrivals = new Map();
  const stop = subscribe(gateway.wsUrl, job, arrivals);
  await setTimeout(haveRecords ? 10_000 : 4_000);
  const since = Date.now();
  const sent = new Map<string, Time>();
  const answered: Time[] = [];
  for (let count = 0; count < CANCELS; count += 1) {
    const element = ELEMENTS - count;
    const start = epochNow();
    sent.set(`1.${element}`, start);
    await bench.call('DELETE', `/job/${job.id}_${element}`);
    answered.push(epochNow() - start);
    await setTimeout(CANCEL_PAUSE_MS);
  }
  const until = Date.now();
  await setTimeout(LAST_MS);
  const log = await readFile(join(bench.cluster.folder, 'log/slurmctld.log'), 'utf8');
  const isWithin = ([, time]: readonly [string, Time]): boolean => time >= since && time <= until;
  const processEnds = [...timesOf(log, job, /_job_complete: JobId=(\d+)_(\d+)\(\d+\) done/)].filter(isWithin);
  const ends = [...timesOf(log, job, /cleanup_completing: JobId=(\d+)_(\d+)\(\d+\)/)].filter(isWithin);
  const starts = [...timesOf(log, job, /(?:sched: Allocate|_start_job: Started) JobId=(\d+)_(\d+)\(\d+\)/)].filter(
    isWithin,
  );
  stop();
  const canceled = delays([...sent], 'CANCELED', arrivals);
  const ended = delays(ends, 'FINISHED', arrivals);
  const endedWithCompleting = delays(processEnds, 'FINISHED', arrivals);
  const started = delays(starts, 'RUNNING', arrivals);
  const expected = sent.size + ends.length + starts.length;
  const missed = expected - canceled.length - ended.length - started.length;
  return { canceled, answered, ended, endedWithCompleting, started, missed };
}

function subscribe(wsUrl: string, { id, cursor }: SubmittedJob, arrivals: Arrivals): () => void {
  const client = createClient({ url: wsUrl, webSocketImpl: WebSocket, retryAttempts: 0 });
  client.subscribe<{ taskStateChanged: { state: string; task: { taskId: string } } }>(
    { query: CHANGES, variables: { jobId: id, after: cursor } },
    {
      next({ data }) {
        if (data == null) return;
        const { state, task } = data.taskStateChanged;
        arrivals.set(`${task.taskId} ${state}`, epochNow());
      },
      error: (reason) => console.error('The subscription ended:', reason),
      complete: () => undefined,
    },
  );
  return () => void client.dispose();
}

/** When a line of slurmctld's log told something of an element, in epoch milliseconds: the log has the time of this machine's zone. */
function* timesOf(log: string, { id }: SubmittedJob, pattern: RegExp): Generator<readonly [string, Time]> {
  for (const line of log.split('\n')) {
    const [, jobId, element] = pattern.exec(line) ?? [];
    const [, time] = /^\[([\d:.T-]+)\]/.exec(line) ?? [];
    if (jobId === id && element !== undefined && time !== undefined) yield [`1.${element}`, Date.parse(time)];
  }
}

function delays(changes: readonly (readonly [string, Time])[], state: string, arrivals: Arrivals): readonly Time[] {
  return changes.flatMap(([taskId, time]) => {
    const arrived = arrivals.get(`${taskId} ${state}`);
    return arrived === undefined ? [] : [arrived - time];
  });
}

function epochNow(): Time {
  return performance.timeOrigin + performance.now();
}
