import { parseArgs } from 'node:util';

/** Where a gateway listens by default. */
export const DEFAULT_URL = 'http://127.0.0.1:4000/graphql';

/**
 * Which gateway the demo uses. GIVEN: that one. OWN: one that it starts, in front of the scheduler of this name (null: the embedded one). ANY: the one at {@link DEFAULT_URL} where it answers, otherwise
 * its own.
 */
export type GatewayChoice =
  | { readonly kind: 'GIVEN'; readonly url: string }
  | { readonly kind: 'OWN'; readonly scheduler: string | null }
  | { readonly kind: 'ANY' };

/** How the demo was asked for. */
export type DemoOptions =
  | { readonly kind: 'RUN'; readonly choice: GatewayChoice }
  | { readonly kind: 'HELP'; readonly text: string }
  | { readonly kind: 'PROBLEM'; readonly message: string };

const HELP = `The cancel semantics on one screen: submits a job, cancels its tasks with a reason, shows every state change live.

  --url URL, or TASKGATE_DEMO_URL
      the gateway to use; default: ${DEFAULT_URL} where one answers, otherwise the demo starts its own and ends it
  --own
      start an own gateway even where one answers
  --scheduler NAME
      start an own gateway in front of this scheduler, found by the settings in the environment: TASKGATE_SLURM_URL and the like
  -h, --help
      this text`;

/** Reads the arguments and the environment; the flag wins, an empty variable counts as not set. */
export function readDemoOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): DemoOptions {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        url: { type: 'string' },
        own: { type: 'boolean' },
        scheduler: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return { kind: 'HELP', text: HELP };
    if (values.own === true || values.scheduler !== undefined) {
      const flag = values.own === true ? '--own' : '--scheduler';
      if (values.url !== undefined) return { kind: 'PROBLEM', message: `give either --url or ${flag}` };
      return { kind: 'RUN', choice: { kind: 'OWN', scheduler: values.scheduler ?? null } };
    }
    const url = values.url ?? (env['TASKGATE_DEMO_URL'] || null);
    if (url === null) return { kind: 'RUN', choice: { kind: 'ANY' } };
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      return { kind: 'PROBLEM', message: `${JSON.stringify(url)} is no URL of a gateway; an example: ${DEFAULT_URL}` };
    return { kind: 'RUN', choice: { kind: 'GIVEN', url } };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    return { kind: 'PROBLEM', message: `${reason}; see --help` };
  }
}
