import { describe, expect, it } from 'vitest';
import { HeadNode } from './support/headNode.js';

const LONG = { CommandLine: 'sleep 1000' };
const SWEEP = {
  CommandLine: 'sleep 1000',
  Type: 'ParametricSweep',
  StartValue: '1',
  EndValue: '3',
  IncrementValue: '1',
};

describe('The emulated head node: the life of tasks', () => {
  it('leads a task through Finishing to Finished, and its job with it (SDK, TaskState)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([{ CommandLine: 'echo hello; sleep 5' }]);
    expect(await node.show(`/jobs/${id}/tasks/1`, 'State,TaskId')).toEqual({ State: 'Running', TaskId: `${id}.1` });
    node.clock.advance(5_100);
    expect(await node.show(`/jobs/${id}/tasks/1`, 'State,PreviousState,ExitCode,Output')).toEqual({
      State: 'Finished',
      PreviousState: 'Finishing',
      ExitCode: '0',
      Output: 'hello\n',
    });
    expect(await node.show(`/jobs/${id}`, 'State,Progress')).toEqual({ State: 'Finished', Progress: '100' });
  });

  it('fails a task by its exit code, its command that cannot start, and its run time (SDK)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([
      { CommandLine: 'exit 3' },
      { CommandLine: 'nosuch.exe' },
      { CommandLine: 'sleep 100', RuntimeSeconds: '2' },
    ]);
    node.clock.advance(3_000);
    const rows = await node.list(`/jobs/${id}/tasks?properties=State,ExitCode,ErrorMessage`);
    expect(rows).toEqual([
      { State: 'Failed', ExitCode: '3', ErrorMessage: 'Task failed during execution with exit code 3.' },
      {
        State: 'Failed',
        ExitCode: '1',
        ErrorMessage: "The task could not be started: 'nosuch.exe' is not recognized as a command.",
      },
      { State: 'Failed', ExitCode: '171', ErrorMessage: 'The task exceeded its run time and was stopped.' },
    ]);
  });

  it('starts a dependent when the others are over, however they ended (SDK, DependsOn)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([
      { Name: 'first', CommandLine: 'sleep 1; exit 1' },
      { Name: 'then', DependsOn: 'first', ...LONG },
    ]);
    expect((await node.show(`/jobs/${id}/tasks/2`, 'State'))['State']).toBe('Queued');
    node.clock.advance(1_100);
    expect((await node.show(`/jobs/${id}/tasks/2`, 'State'))['State']).toBe('Running');
  });

  it('runs a job without tasks to its end at once, unless it runs until canceled (SDK, SubmitJob)', async () => {
    await using node = await HeadNode.start();
    const empty = await node.runJob([]);
    const held = await node.runJob([], { RunUntilCanceled: 'True' });
    expect(await node.show(`/jobs/${empty}`, 'State')).toEqual({ State: 'Finished' });
    expect(await node.show(`/jobs/${held}`, 'State')).toEqual({ State: 'Running' });
  });

  it('leaves a task that is added to a submitted job Configuring (SDK, AddTask; REST has no SubmitTask)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([LONG]);
    await node.call('POST', `/jobs/${id}/tasks`, [{ Name: 'CommandLine', Value: 'true' }]);
    node.clock.advance(1_000);
    expect(await node.show(`/jobs/${id}/tasks/2`, 'State')).toEqual({ State: 'Configuring' });
  });
});

describe('The emulated head node: cancel', () => {
  it('ends a waiting task Canceled, and answers with what was said within the text (CancelTask_2)', async () => {
    await using node = await HeadNode.start({ nodes: [] });
    const id = await node.runJob([LONG]);
    expect((await node.call('POST', `/jobs/${id}/tasks/1/cancel`, 'by ops')).status).toBe(204);
    const shown = await node.show(`/jobs/${id}/tasks/1`, 'State,ErrorMessage');
    expect(shown['State']).toBe('Canceled');
    expect(shown['ErrorMessage']).toContain('by ops');
  });

  it('ends a running task Failed after the grace period, exit code 171, and holds the request so long (Linux agent)', async () => {
    await using node = await HeadNode.start({ gracePeriodMs: 15_000 });
    const id = await node.runJob([{ CommandLine: "trap '' TERM; sleep 1000" }]);
    const answer = node.call('POST', `/jobs/${id}/tasks/1/cancel`, 'by ops');
    await seen(node, id, 'Canceling');
    node.clock.advance(14_900);
    expect(await node.show(`/jobs/${id}/tasks/1`, 'State')).toEqual({ State: 'Canceling' });
    node.clock.advance(200);
    expect((await answer).status).toBe(204);
    expect(await node.show(`/jobs/${id}/tasks/1`, 'State,ExitCode')).toEqual({ State: 'Failed', ExitCode: '171' });
  });

  it('lets a running task clean up within the grace period (CTRL+BREAK)', async () => {
    await using node = await HeadNode.start({ switches: { cancelBlocks: false } });
    const id = await node.runJob([{ CommandLine: "trap 'sleep 3; exit 5' TERM; sleep 1000" }]);
    await node.call('POST', `/jobs/${id}/tasks/1/cancel`, '');
    node.clock.advance(2_900);
    expect(await node.show(`/jobs/${id}/tasks/1`, 'State')).toEqual({ State: 'Canceling' });
    node.clock.advance(200);
    expect(await node.show(`/jobs/${id}/tasks/1`, 'State,ExitCode')).toEqual({ State: 'Failed', ExitCode: '5' });
  });

  it('kills at once with forced=true (CancelTask_3)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([{ CommandLine: "trap '' TERM; sleep 1000" }]);
    expect((await node.call('POST', `/jobs/${id}/tasks/1/cancel?forced=true`, 'now')).status).toBe(204);
    expect(await node.show(`/jobs/${id}/tasks/1`, 'State')).toEqual({ State: 'Failed' });
  });

  it('refuses what is over (0x80040209), and a message of 129 characters (0x800402D3)', async () => {
    await using node = await HeadNode.start({ switches: { errorBody: 'fault' } });
    const id = await node.runJob([{ CommandLine: 'true' }, LONG]);
    const over = await node.call('POST', `/jobs/${id}/tasks/1/cancel`, '');
    const long = await node.call('POST', `/jobs/${id}/tasks/2/cancel`, 'x'.repeat(129));
    expect([over.body, long.body]).toMatchObject([{ Code: 0x80040209 | 0 }, { Code: 0x800402d3 | 0 }]);
  });

  it('fails the job whose only task is canceled, but for one that runs until canceled (acceptance tests)', async () => {
    await using node = await HeadNode.start();
    const job = await node.runJob([LONG]);
    const held = await node.runJob([LONG], { RunUntilCanceled: 'True' });
    for (const id of [job, held]) await node.call('POST', `/jobs/${id}/tasks/1/cancel?forced=true`, '');
    expect(await node.show(`/jobs/${job}`, 'State')).toEqual({ State: 'Failed' });
    expect(await node.show(`/jobs/${held}`, 'State')).toEqual({ State: 'Running' });
  });

  it('cancels a job: running tasks Failed, waiting ones Canceled, the job Canceled (SDK, CancelJob_2)', async () => {
    await using node = await HeadNode.start({ nodes: [{ name: 'N', cores: 1 }], switches: { cancelBlocks: false } });
    const id = await node.runJob([LONG, LONG]);
    await node.call('POST', `/jobs/${id}/cancel`, 'stop it');
    node.clock.advance(100);
    expect(await node.list(`/jobs/${id}/tasks?properties=State`)).toEqual([{ State: 'Failed' }, { State: 'Canceled' }]);
    expect((await node.show(`/jobs/${id}`, 'State,ErrorMessage'))['ErrorMessage']).toContain('stop it');
  });

  it('leaves the tasks of a job that was canceled before it was submitted Configuring (acceptance tests)', async () => {
    await using node = await HeadNode.start();
    await node.call('POST', '/jobs', []);
    await node.call('POST', '/jobs/1/tasks', [{ Name: 'CommandLine', Value: 'true' }]);
    await node.call('POST', '/jobs/1/cancel', '');
    expect(await node.show('/jobs/1', 'State')).toEqual({ State: 'Canceled' });
    expect(await node.show('/jobs/1/tasks/1', 'State')).toEqual({ State: 'Configuring' });
  });
});

describe('The emulated head node: finish and requeue', () => {
  it('finishes a task with a message in its ErrorMessage, a job without (acceptance tests)', async () => {
    await using node = await HeadNode.start();
    const one = await node.runJob([LONG, LONG]);
    await node.call('POST', `/jobs/${one}/tasks/1/finish`, 'enough');
    const task = await node.show(`/jobs/${one}/tasks/1`, 'State,ErrorMessage');
    expect(task).toEqual({ State: 'Finished', ErrorMessage: 'enough' });
    await node.call('POST', `/jobs/${one}/finish`, 'all of it');
    expect(await node.show(`/jobs/${one}`, 'State,ErrorMessage')).toEqual({ State: 'Finished' });
  });

  it('requeues a canceled task while its job runs, and not when it is over (command line reference)', async () => {
    await using node = await HeadNode.start();
    const held = await node.runJob([LONG], { RunUntilCanceled: 'True' });
    const over = await node.runJob([LONG]);
    for (const id of [held, over]) await node.call('POST', `/jobs/${id}/tasks/1/cancel?forced=true`, '');
    expect((await node.call('POST', `/jobs/${held}/tasks/1/requeue`)).status).toBe(204);
    expect((await node.call('POST', `/jobs/${over}/tasks/1/requeue`)).status).toBe(400);
    node.clock.advance(100);
    expect(await node.show(`/jobs/${held}/tasks/1`, 'State,RequeueCount')).toEqual({
      State: 'Running',
      RequeueCount: '1',
    });
  });

  it('requeues no task that may not be rerun (SDK, IsRerunnable), nor one that is Finished', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([{ CommandLine: 'false', IsRerunnable: 'false' }, { CommandLine: 'true' }, LONG]);
    const answers = await Promise.all([1, 2].map((task) => node.call('POST', `/jobs/${id}/tasks/${task}/requeue`)));
    expect(answers.map(({ status }) => status)).toEqual([400, 400]);
  });

  it('requeues a job: what finished and what was canceled while waiting stays (SDK, CancelJob)', async () => {
    await using node = await HeadNode.start({ nodes: [{ name: 'N', cores: 1 }] });
    const id = await node.runJob([{ CommandLine: 'true' }, LONG, LONG, LONG]);
    await node.call('POST', `/jobs/${id}/tasks/4/cancel`, '');
    await node.call('POST', `/jobs/${id}/cancel?forced=true`, '');
    await node.call('POST', `/jobs/${id}/requeue`);
    node.clock.advance(100);
    expect((await node.list(`/jobs/${id}/tasks?properties=State`)).map(({ State }) => State)).toEqual([
      'Finished',
      'Running',
      'Queued',
      'Canceled',
    ]);
  });
});

describe('The emulated head node: sweeps', () => {
  it('has no subtasks before a sweep runs, and says so (acceptance tests)', async () => {
    await using node = await HeadNode.start({ nodes: [] });
    const id = await node.runJob([SWEEP]);
    const { status, body } = await node.call('GET', `/jobs/${id}/tasks/1/subtasks/1`);
    expect(status).toBe(400);
    expect(body).toContain('the specified subtask has not been expanded yet');
    expect(await node.list(`/jobs/${id}/tasks?properties=TaskId`)).toEqual([]);
  });

  it('lists instances in the place of their master, or the master alone (acceptance tests: 4 rows, 2 rows)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([SWEEP, LONG]);
    const expanded = await node.list(`/jobs/${id}/tasks?properties=TaskId`);
    const masters = await node.list(`/jobs/${id}/tasks?properties=TaskId&expandParametric=false`);
    expect(expanded.map(({ TaskId }) => TaskId)).toEqual([`${id}.1.1`, `${id}.1.2`, `${id}.1.3`, `${id}.2`]);
    expect(masters.map(({ TaskId }) => TaskId)).toEqual([`${id}.1`, `${id}.2`]);
  });

  it('puts the value for * in the command line, the name and the paths, not in the directory (SDK)', async () => {
    await using node = await HeadNode.start();
    const id = await node.runJob([{ ...SWEEP, Name: 'n*', StdOutFilePath: 'out*', WorkDirectory: 'dir*' }]);
    expect(await node.show(`/jobs/${id}/tasks/1/subtasks/2`, 'Name,StdOutFilePath,WorkDirectory')).toEqual({
      Name: 'n2',
      StdOutFilePath: 'out2',
      WorkDirectory: 'dir*',
    });
  });

  it('always ends a canceled sweep Canceled: its running instances Failed, the others Canceled (CancelTask_3)', async () => {
    await using node = await HeadNode.start({ nodes: [{ name: 'N', cores: 2 }] });
    const id = await node.runJob([SWEEP]);
    await node.call('POST', `/jobs/${id}/tasks/1/cancel`, 'all');
    node.clock.advance(100);
    const rows = await node.list(`/jobs/${id}/tasks?properties=State`);
    expect(rows.map(({ State }) => State)).toEqual(['Failed', 'Failed', 'Canceled']);
    expect(await node.show(`/jobs/${id}/tasks/1`, 'State')).toEqual({ State: 'Canceled' });
  });
});

/** Waits until the head node shows the state, which a request that is being carried out brings about. */
async function seen(node: HeadNode, jobId: number, state: string): Promise<void> {
  while ((await node.show(`/jobs/${jobId}/tasks/1`, 'State'))['State'] !== state);
}
