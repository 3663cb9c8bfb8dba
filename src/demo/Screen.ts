import { clearLine, cursorTo } from 'node:readline';
import { styleText } from 'node:util';

/** A colour or weight of `node:util`'s styleText. */
export type Style = Extract<Parameters<typeof styleText>[0], string>;

/** Where the demo writes: lines, and on a terminal one more line at the bottom that changes in place. */
export class Screen {
  /** Whether there is such a bottom line. */
  readonly isLive: boolean;
  readonly #out: NodeJS.WriteStream;
  #bottom: string | null = null;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    this.isLive = out.isTTY;
  }

  /** Writes a line above the bottom line. */
  print(line = ''): void {
    const bottom = this.#bottom;
    this.bottom(null);
    this.#out.write(`${line}\n`);
    this.bottom(bottom);
  }

  /** Sets the bottom line; null: none. Nothing happens where the output is no terminal. */
  bottom(text: string | null): void {
    if (!this.isLive) return;
    if (this.#bottom !== null) {
      cursorTo(this.#out, 0);
      clearLine(this.#out, 0);
    }
    this.#bottom = text;
    if (text !== null) this.#out.write(text.slice(0, (this.#out.columns || 80) - 1));
  }

  /** The text in this style where the output shows colours: on a terminal, unless NO_COLOR is set. */
  paint(style: Style, text: string): string {
    return styleText(style, text, { stream: this.#out });
  }
}
