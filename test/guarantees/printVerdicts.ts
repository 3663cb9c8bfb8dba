import { type Verdict } from './Verdict.js';

/** At most so many offending records are printed of each guarantee. */
const MOST_PRINTED = 20;

/** One line a guarantee, with counts, then its offending records. */
export function printVerdicts(verdicts: readonly Verdict[]): string {
  return verdicts
    .flatMap(({ guarantee, checked, offences }) => [
      `${guarantee.padEnd(20)} ${String(checked).padStart(8)} checked, ${offences.length} violated`,
      ...offences.slice(0, MOST_PRINTED).map(({ reader, problem }) => `    [${reader}] ${problem}`),
    ])
    .join('\n');
}

/** The verdicts of several recordings as one of each guarantee. */
export function addVerdicts(all: readonly (readonly Verdict[])[]): readonly Verdict[] {
  const sums = new Map<string, Verdict>();
  for (const { guarantee, checked, offences } of all.flat()) {
    const sum = sums.get(guarantee) ?? { guarantee, checked: 0, offences: [] };
    sums.set(guarantee, {
      guarantee,
      checked: sum.checked + checked,
      offences: [...sum.offences, ...offences],
    });
  }
  return [...sums.values()];
}
