import { flagOf } from './Setting.js';
import { settings } from './settings.js';

/** What `--help` prints. */
export function helpText(): string {
  const rows = settings().flatMap(({ env, defaultText, defaultLabel, meaning, allowed }) => [
    `  --${flagOf({ env })} VALUE, or ${env}`,
    `      ${meaning}`,
    `      allowed: ${allowed}; default: ${defaultLabel ?? defaultText}`,
  ]);
  return [
    'taskgate: a GraphQL gateway in front of batch schedulers',
    '',
    'Settings, as flags or environment variables; flags win:',
    ...rows,
    '',
    '  -h, --help     this text',
    '      --version  the version',
  ].join('\n');
}
