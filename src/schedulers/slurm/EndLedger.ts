/** Counts the ends that slurmctld tells of against what explains them: lines of jobcomp, and cancels that the gateway has just made. */
export class EndLedger {
  #hinted = 0;
  #owed = 0;

  /** How many ends were counted that nothing explains yet. */
  get owed(): number {
    return this.#owed;
  }

  /** So many lines of jobcomp came: they explain what was counted before them, or else what is counted next. */
  hint(count: number): void {
    const late = Math.min(this.#owed, count);
    this.#owed -= late;
    this.#hinted += count - late;
  }

  /** So many ends were counted since the last time, up to `announced` of which are cancels of the gateway's own. */
  count(ended: number, announced: number): void {
    this.#owed += Math.max(0, ended - announced - this.#hinted);
    this.#hinted = 0;
  }

  /** What nothing explains is looked into in another way. */
  settle(): void {
    this.#owed = 0;
  }
}
