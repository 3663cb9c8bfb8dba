import { parseArgs } from 'node:util';

/** Where a gateway listens by default. */
export const DEFAULT_URL = 'http://127.0.0.1:4000/graphql';

/** How the demo was asked for. `url` null: {@link DEFAULT_URL} where a gateway answers there, otherwise one of its own. */
export type DemoOptions =
  | { readonly kind: 'RUN'; readonly url: string | null }
  | { readonly kind: 'HELP'; readonly text: string }
  | { readonly kind: 'PROBLEM'; readonly message: string };

const HELP = `The cancel semantics on one screen: submits a job, cancels its tasks with a reason, shows every state change live.

  --url URL, or TASKGATE_DEMO_URL
      the gateway to use; default: ${DEFAULT_URL} where one answers, otherwise the demo starts its own and ends it
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
      options: { url: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help === true) return { kind: 'HELP', text: HELP };
    const url = values.url ?? (env['TASKGATE_DEMO_URL'] || null);
    if (url !== null && !/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      return { kind: 'PROBLEM', message: `${JSON.stringify(url)} is no URL of a gateway; an example: ${DEFAULT_URL}` };
    return { kind: 'RUN', url };
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('. ')[0] ?? '') : String(error);
    return { kind: 'PROBLEM', message: `${reason}; see --help` };
  }
}
