import { describe, expect, it } from 'vitest';
import { printJobXml } from '../../src/schedulers/hpcpack/jobXml.js';
import { taskSpec } from '../support/taskSpec.js';
import { makeCertificate } from './emulator/certificate.js';
import { DATE_FORMATS } from './emulator/dateFormat.js';
import { LIKELY, type Switches, UNLIKELY } from './emulator/Switches.js';
import { HeadNode } from './support/headNode.js';
import { openClient } from './support/openClient.js';

const ALICE = { asUser: 'HPC\\alice' };
const JOB = {
  name: 'test',
  priority: 'HIGHEST',
  project: 'p',
  runUntilCanceled: false,
  failOnTaskFailure: false,
} as const;
const SWEEP = taskSpec({ commandLine: 'sleep 1000', sweep: { start: 1, end: 3, increment: 1 } });

function settled<T>(answer: { readonly kind: string; readonly value?: T }): T {
  if (answer.kind !== 'OK' || answer.value === undefined) throw new Error(JSON.stringify(answer));
  return answer.value;
}

describe.each<readonly [string, Switches]>([
  ['as is likely', LIKELY],
  ['the other way', UNLIKELY],
])('The client, where the head node does what is uncertain %s', (_, switches) => {
  it('creates a job whole from XML, submits it, and reads it and its tasks', async () => {
    await using node = await HeadNode.start({ switches });
    const { emulator, clock } = node;
    await using open = openClient(emulator);
    const specs = [
      taskSpec({
        name: 'a "quoted" & <odd>\n name',
        commandLine: "echo 'x' && exit 3",
        environment: [{ name: 'A', value: '1\t2\n' }],
        minCores: 2,
        runtimeSeconds: 60,
        isRerunnable: false,
        stdoutPath: 'C:\\out\\*.txt',
      }),
      { ...SWEEP, name: 'sweep', dependsOn: ['first', 'a "quoted" & <odd>\n name'] },
    ];
    const id = settled(await open.client.createJob(printJobXml(JOB, specs, { requestId: 'r1', submit: false }), ALICE));
    settled(await open.client.submitJob(id, ALICE).then((answer) => ({ ...answer, value: id })));
    clock.advance(1_000);
    expect(settled(await open.client.readJob(id))).toMatchObject({
      id,
      name: 'test',
      owner: 'HPC\\alice',
      priority: 'HIGHEST',
      project: 'p',
      runUntilCanceled: false,
      failOnTaskFailure: false,
    });
    const [first, second] = settled(await open.client.listMasters(id));
    expect(first).toMatchObject({
      taskNumber: 1,
      instanceId: null,
      type: 'BASIC',
      name: specs[0]?.name,
      commandLine: specs[0]?.commandLine,
      stdoutPath: 'C:\\out\\*.txt',
      minCores: 2,
      runtimeSeconds: 60,
      isRerunnable: false,
      sweep: null,
    });
    expect(second).toMatchObject({
      taskNumber: 2,
      instanceId: null,
      type: 'PARAMETRIC_SWEEP',
      sweep: { start: 1, end: 3, increment: 1 },
      dependsOn: ['first', specs[0]?.name],
      runtimeSeconds: null,
    });
    expect([...emulator.task(`${id}.1`).environment]).toEqual([['A', '1\t2\n']]);
    expect(open.warnings).toEqual([]);
  });

  it('cancels an instance by its id, with a message that its text contains', async () => {
    await using node = await HeadNode.start({ switches });
    const { emulator, clock } = node;
    await using open = openClient(emulator);
    const id = settled(
      await open.client.createJob(printJobXml(JOB, [SWEEP], { requestId: 'r1', submit: false }), ALICE),
    );
    await open.client.submitJob(id, ALICE);
    clock.advance(1_000);
    const ref = { jobId: id, taskNumber: 1, instanceId: 2 };
    expect(await open.client.cancelTask(ref, 'enough', true, ALICE)).toEqual({ kind: 'OK', value: null });
    const states = settled(await open.client.listTaskStates(id, { expand: true, changedFrom: null }));
    expect(states.map(({ instanceId, state }) => [instanceId, state])).toEqual([
      [1, 'RUNNING'],
      [2, 'FAILED'],
      [3, 'RUNNING'],
    ]);
    expect(states[1]?.errorMessage).toContain('enough');
  });

  it('is told why not: by code, status or text, whatever the shape of the body', async () => {
    await using node = await HeadNode.start({ switches });
    const { emulator } = node;
    await using open = openClient(emulator);
    const answer = await open.client.readJob(7);
    expect(answer).toMatchObject({ kind: 'REFUSED', message: 'There is no such job.' });
  });
});

describe('The client', () => {
  it.each(DATE_FORMATS)('speaks of dates in the format %s', async (dateFormat) => {
    await using node = await HeadNode.start({ dateFormat });
    const { emulator, clock } = node;
    await using open = openClient(emulator);
    await open.client.createJob(printJobXml(JOB, [], { requestId: 'old', submit: false }), ALICE);
    clock.advance(3_600_000);
    const before = clock.now();
    const id = settled(await open.client.createJob(printJobXml(JOB, [], { requestId: 'new', submit: false }), ALICE));
    const jobs = settled(await open.client.listJobs(before));
    expect(jobs.map((job) => [job.id, job.createdAt])).toEqual([[id, before - (before % 1000)]]);
  });

  it('reads every error body that a head node may send', async () => {
    for (const errorBody of ['text', 'string', 'message', 'fault', 'xml'] as const) {
      await using node = await HeadNode.start({ switches: { errorBody } });
      const { emulator } = node;
      await using open = openClient(emulator);
      const id = settled(await open.client.createJob(printJobXml(JOB, [], { requestId: 'r', submit: false }), ALICE));
      await open.client.submitJob(id, ALICE);
      const code = errorBody === 'fault' || errorBody === 'xml' ? 0x80040202 | 0 : null;
      expect(await open.client.submitJob(id, ALICE)).toEqual({
        kind: 'REFUSED',
        status: 400,
        code,
        message: 'Only Configuring jobs can be submitted.',
      });
    }
  });

  it('reads lists longer than a page, also when the head node loses where it was', async () => {
    await using node = await HeadNode.start();
    const { emulator } = node;
    await using open = openClient(emulator);
    const specs = Array.from({ length: 2_500 }, () => taskSpec());
    const id = settled(await open.client.createJob(printJobXml(JOB, specs, { requestId: 'r', submit: false }), ALICE));
    expect(settled(await open.client.listMasters(id))).toHaveLength(2_500);
    emulator.faults.loseContinuations = true;
    expect(settled(await open.client.listMasters(id)).map(({ taskNumber }) => taskNumber)).toEqual(
      specs.map((_, index) => index + 1),
    );
  });

  it.each([true, false])('finds the job whose creation was not answered (ClientSource kept: %s)', async (keeps) => {
    await using node = await HeadNode.start({ switches: { keepsClientSource: keeps } });
    const { emulator } = node;
    await using open = openClient(emulator);
    emulator.faults.plan({ kind: 'RESET', when: 'after' }, 1, /jobFile/);
    expect(
      await open.client.createJob(printJobXml(JOB, [], { requestId: 'mine', submit: false }), ALICE),
    ).toMatchObject({
      kind: 'UNANSWERED',
      delivered: 'MAYBE',
    });
    const found = { kind: 'OK', value: { jobId: 1, isToBeSubmitted: false } };
    expect(await open.client.findJobByRequest('mine', 'HPC\\alice')).toEqual(found);
    expect(await open.client.findJobByRequest('other', null)).toEqual({ kind: 'OK', value: null });
  });

  it('acts for the viewer, so that the rule of owners and administrators is the cluster’s own', async () => {
    await using node = await HeadNode.start();
    const { emulator } = node;
    await using open = openClient(emulator);
    const id = settled(await open.client.createJob(printJobXml(JOB, [], { requestId: 'r', submit: false }), ALICE));
    expect(await open.client.cancelJob(id, '', false, { asUser: 'HPC\\bob' })).toMatchObject({
      kind: 'REFUSED',
      message: 'You do not have permission to do this.',
    });
  });

  it('proves who it is by a bearer token too', async () => {
    await using node = await HeadNode.start();
    const { emulator } = node;
    await using open = openClient(emulator, { credentials: () => ({ kind: 'BEARER', token: 'admin-token' }) });
    expect(await open.client.readCluster()).toEqual({
      kind: 'OK',
      value: { version: '6.3.8328.0', name: 'EMULATED-HEADNODE' },
    });
  });
});

describe('The client and TLS', () => {
  it('trusts a head node that its CA vouches for, and no other', async () => {
    const certificate = makeCertificate();
    await using node = await HeadNode.start({ certificate });
    const { emulator } = node;
    await using trusting = openClient(emulator, { ca: certificate.ca });
    await using careful = openClient(emulator);
    await using misled = openClient(emulator, { ca: makeCertificate().ca });
    expect((await trusting.client.readCluster()).kind).toBe('OK');
    for (const { client } of [careful, misled])
      expect(await client.readCluster()).toMatchObject({
        kind: 'UNANSWERED',
        reason: 'UNREACHABLE',
        delivered: 'NO',
        message: expect.stringContaining('certificate') as string,
      });
  });
});
