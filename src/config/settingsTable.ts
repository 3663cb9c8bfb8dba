import { flagOf } from './Setting.js';
import { settings } from './settings.js';

/** The settings as a Markdown table, for the README. */
export function settingsTable(): string {
  const rows = settings().map(({ env, defaultText, defaultLabel, meaning, allowed }) => {
    const byDefault = defaultLabel ?? `\`${defaultText}\``;
    return `| \`${env}\` | \`--${flagOf({ env })}\` | ${byDefault} | ${meaning} (${allowed}) |`;
  });
  return ['| variable | flag | default | meaning |', '|---|---|---|---|', ...rows, ''].join('\n');
}
