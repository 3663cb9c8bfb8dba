/** What was counted since the last beat but one: of what is counted as it begins, a beat may tell a little later. */
export class RecentCount {
  #now = 0;
  #before = 0;

  /** All that was counted in this time. */
  get total(): number {
    return this.#now + this.#before;
  }

  add(count: number): void {
    this.#now += count;
  }

  /** A beat has come. */
  pass(): void {
    this.#before = this.#now;
    this.#now = 0;
  }
}
