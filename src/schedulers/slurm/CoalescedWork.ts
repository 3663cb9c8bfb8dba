/** Work that runs one at a time: however often it is asked for while it is under way, it is done once more after that. */
export class CoalescedWork {
  readonly #work: () => Promise<void>;
  #running: Promise<void> | null = null;
  #isWanted = false;
  #isClosed = false;

  /** @param work - may not reject */
  constructor(work: () => Promise<void>) {
    this.#work = work;
  }

  /** Whether a run is under way. */
  get isUnderWay(): boolean {
    return this.#running !== null;
  }

  /** Asks for the work: a run begins after this call. */
  ask(): void {
    this.#isWanted = !this.#isClosed;
    this.#running ??= this.#run().finally(() => (this.#running = null));
  }

  /** Begins no further run; resolves when none is under way. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#isWanted = false;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      this.#isWanted = false;
      await this.#work();
    }
  }
}
