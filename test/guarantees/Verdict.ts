/** A record that violates a guarantee. */
export interface Offence {
  /** The reader that saw it; "log": the change log itself. */
  readonly reader: string;
  readonly problem: string;
}

/** What a validator found. */
export interface Verdict {
  readonly guarantee: string;
  /** How many things it compared; 0: the recording held nothing to check. */
  readonly checked: number;
  readonly offences: readonly Offence[];
}

/** Counts and collects while a validator runs. */
export class Findings {
  #checked = 0;
  readonly #offences: Offence[] = [];

  /** Counts one check; what does not hold is an offence. */
  check(holds: boolean, reader: string, problem: () => string): void {
    this.#checked += 1;
    if (!holds) this.#offences.push({ reader, problem: problem() });
  }

  /** The verdict so far. */
  verdict(guarantee: string): Verdict {
    return { guarantee, checked: this.#checked, offences: this.#offences };
  }
}
