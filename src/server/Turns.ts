/**
 * Lets work begin in the order it was asked for, as much at a time as there is room for. Its room is free again after input and output had their turn, so
 * that no amount of work holds up everything else. Each asker waits for one turn at a time, so they bound the queue.
 */
export class Turns {
  readonly #room: number;
  readonly #waiting: { readonly weight: number; readonly begin: () => void }[] = [];
  #taken = 0;
  /** Of what is taken, that which is done. */
  #done = 0;

  /** @param room - the weight of all work that is under way together; a single heavier piece goes alone */
  constructor(room: number) {
    this.#room = room;
  }

  /** Does the work when its turn has come. */
  async take<T>(weight: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(weight)) {
      await new Promise<void>((resolve) => this.#waiting.push({ weight, begin: resolve }));
    } else this.#taken += weight;
    try {
      return await work();
    } finally {
      this.#done += weight;
      if (this.#done === weight) setImmediate(() => this.#free());
    }
  }

  #fits(weight: number): boolean {
    return this.#taken === 0 || this.#taken + weight <= this.#room;
  }

  #free(): void {
    this.#taken -= this.#done;
    this.#done = 0;
    for (let [first] = this.#waiting; first !== undefined && this.#fits(first.weight); [first] = this.#waiting) {
      this.#waiting.shift();
      this.#taken += first.weight;
      first.begin();
    }
  }
}
