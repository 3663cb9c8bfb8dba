import { DemoProblem } from './DemoProblem.js';
import { GatewayClient } from './GatewayClient.js';
import { SchedulerDocument, type SchedulerQuery } from './operations.generated.js';

/** How long a gateway may take to say who it is, in milliseconds. */
const PROBE_MS = 3_000;

/** A gateway that answered, and what it said of itself. */
export interface FoundGateway {
  readonly client: GatewayClient;
  readonly scheduler: SchedulerQuery['scheduler'];
}

/** Asks who is there. Rejects with a {@link DemoProblem} where that is nobody, or no gateway that runs jobs. */
export async function findGateway(url: string): Promise<FoundGateway> {
  const client = new GatewayClient(url);
  const { scheduler } = await client.request(SchedulerDocument, {}, PROBE_MS);
  if (!scheduler.reachable) throw new DemoProblem(`the scheduler behind ${url} does not answer`);
  if (!scheduler.capabilities.submit) throw new DemoProblem(`the scheduler behind ${url} takes no jobs`);
  return { client, scheduler };
}
