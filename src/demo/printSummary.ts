import { type DemoTask } from './demoJob.js';
import { DemoProblem } from './DemoProblem.js';
import { type GatewayClient } from './GatewayClient.js';
import { type CountsFragment, JobWithTasksDocument, TaskWithOutputDocument } from './operations.generated.js';
import { type Screen } from './Screen.js';

/** Tells what each task of the demo's job ended as, and what one of them wrote; null: output cannot be read. */
export async function printSummary(
  client: GatewayClient,
  jobId: string,
  screen: Screen,
  writer: DemoTask | null,
): Promise<void> {
  const { job } = await client.request(JobWithTasksDocument, { jobId });
  if (job === null) throw new DemoProblem(`job ${jobId} is gone`);
  screen.print();
  screen.print(screen.paint('bold', 'How it ended'));
  for (const { taskId, state, endReason, exitCode, signal, subtaskCounts } of job.tasks.nodes) {
    const how = [
      endReason === null ? null : `endReason ${endReason}`,
      exitCode === null ? null : `exit code ${exitCode}`,
      signal === null ? null : `by ${signal}`,
      subtaskCounts === null ? null : printCounts(subtaskCounts),
    ];
    screen.print(`  task ${taskId}  ${state.padEnd(9)} ${how.filter((part) => part !== null).join(', ')}`);
  }
  screen.print(`  job     ${job.state.padEnd(9)} ${printCounts(job.taskCounts)}`);
  screen.print();
  if (writer === null) return;
  const { task } = await client.request(TaskWithOutputDocument, { jobId, taskId: writer.taskId });
  screen.print(screen.paint('bold', `What task ${writer.taskId} wrote`));
  for (const line of (task?.output ?? '(nothing)').trimEnd().split('\n')) screen.print(`  | ${line}`);
  screen.print();
}

function printCounts(counts: CountsFragment): string {
  const { finished, failed, canceled, running, queued, canceling } = counts;
  const parts = { finished, failed, canceled, running, queued, canceling };
  const shown = Object.entries(parts).filter(([, count]) => count > 0);
  return shown.map(([state, count]) => `${count} ${state.toUpperCase()}`).join(', ');
}
