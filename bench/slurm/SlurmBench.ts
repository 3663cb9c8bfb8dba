import { userInfo } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { Pool } from 'undici';
import { SlurmCluster } from '../../test/slurm/SlurmCluster.js';
import { type ClusterOptions } from '../../test/slurm/clusterConfig.js';
import { type Gateway, startGateway } from '../../test/support/startGateway.js';
import { ask } from '../client.js';

/** What of the cluster the gateway may use. */
export interface Watching {
  readonly commands: boolean;
  readonly jobcomp: boolean;
}

/** Both: everything that may be configured, and nothing of it. */
export const CLOSELY: Watching = { commands: true, jobcomp: true };
export const BY_DIAG: Watching = { commands: false, jobcomp: false };

const CREATE = `mutation ($input: CreateJobInput!) {
  createJob(input: $input) { job { id } cursor userErrors { code message } }
}`;

/** A job that was submitted through the gateway. */
export interface SubmittedJob {
  readonly id: string;
  readonly cursor: string;
}

/** A private cluster, and the same slurmrestd without a gateway: what the gateway is compared with. */
export class SlurmBench implements AsyncDisposable {
  readonly cluster: SlurmCluster;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #rest: Pool;

  private constructor(cluster: SlurmCluster, token: string, connections: number) {
    this.cluster = cluster;
    this.#headers = { 'x-slurm-user-name': userInfo().username, 'x-slurm-user-token': token };
    this.#rest = new Pool(cluster.url, { connections, pipelining: 1 });
  }

  /** @param connections - of the bare client */
  static async start(options: ClusterOptions, connections: number): Promise<SlurmBench> {
    const cluster = await SlurmCluster.start(options);
    return new SlurmBench(cluster, await cluster.token(userInfo().username), connections);
  }

  /** Starts a gateway in front of the cluster. */
  async gateway({ commands, jobcomp }: Watching): Promise<Gateway> {
    const { url, jwtKeyFile, configFile, jobcompFile, binFolder } = this.cluster;
    return startGateway({
      args: ['--scheduler', 'slurm'],
      env: {
        TASKGATE_SLURM_URL: url,
        TASKGATE_SLURM_USER: userInfo().username,
        TASKGATE_SLURM_JWT_KEY_FILE: jwtKeyFile,
        TASKGATE_SLURM_CONF: configFile,
        ...(jobcomp && jobcompFile !== null ? { TASKGATE_SLURM_JOBCOMP_FILE: jobcompFile } : {}),
        ...(commands ? { TASKGATE_SLURM_BIN_DIR: binFolder } : {}),
      },
    });
  }

  /** Submits an array of this many elements, from 1 on, through the gateway. */
  async submit(gateway: Gateway, commandLine: string, elements: number): Promise<SubmittedJob> {
    const input = { name: 'bench', tasks: [{ commandLine, sweep: { start: 1, end: elements } }] };
    const { createJob } = await ask<{ createJob: { job: { id: string }; cursor: string } }>(gateway.url, CREATE, {
      input,
    });
    return { id: createJob.job.id, cursor: createJob.cursor };
  }

  /** Calls slurmrestd itself; rejects where it does not say yes. */
  async call(method: 'POST' | 'DELETE', path: string, body: object | null = null): Promise<void> {
    const { statusCode, body: answer } = await this.#rest.request({
      method,
      path: `/slurm/v0.0.38${path}`,
      headers: { ...this.#headers, 'content-type': 'application/json' },
      body: body === null ? null : JSON.stringify(body),
    });
    const text = await answer.text();
    if (statusCode !== 200) throw new Error(`slurmrestd answered ${statusCode}: ${text.slice(0, 300)}`);
  }

  /** Holds each pending element of these, so that each has a record of its own and none starts. */
  async hold(jobId: string, first: number, last: number): Promise<void> {
    for (let from = first; from <= last; from += 1_000) {
      const to = Math.min(last, from + 999);
      await this.call('POST', `/job/${encodeURIComponent(`${jobId}_[${from}-${to}]`)}`, { hold: true });
    }
  }

  /** Resolves when the gateway counts so many running. */
  async untilRunning(gateway: Gateway, { id }: SubmittedJob, count: number): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const { job } = await ask<{ job: { taskCounts: { running: number } } }>(
        gateway.url,
        'query ($id: ID!) { job(jobId: $id) { taskCounts { running } } }',
        { id },
      );
      if (job.taskCounts.running >= count) return;
      if (Date.now() > deadline) throw new Error(`only ${job.taskCounts.running} of ${count} run after a minute`);
      await setTimeout(50);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#rest.close();
    await this.cluster.stop();
  }
}
