import { readFileSync, statSync } from 'node:fs';

/** A password or token in a file of its own, read again when the file changes. Line ends behind it are no part of it. */
export class SecretFile {
  readonly #path: string;
  #version = '';
  #secret: string;

  /** @throws where the file cannot be read */
  constructor(path: string) {
    this.#path = path;
    this.#secret = '';
    this.#read();
  }

  /** The secret as the file has it now; as it was last, where the file cannot be read just now. */
  current(): string {
    try {
      this.#read();
    } catch {
      return this.#secret;
    }
    return this.#secret;
  }

  #read(): void {
    const { mtimeMs, size, ino } = statSync(this.#path);
    const version = `${mtimeMs} ${size} ${ino}`;
    if (version === this.#version) return;
    this.#secret = readFileSync(this.#path, 'utf8').replace(/[\r\n]+$/, '');
    this.#version = version;
  }
}
