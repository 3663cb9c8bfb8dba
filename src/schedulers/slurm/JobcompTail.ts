import { watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { type EndHint, parseJobcompLine } from './jobcompLine.js';

/** How much is read at a time, in bytes. */
const CHUNK = 256 * 1024;

/** The longest line that is waited for, in bytes: slurmctld writes at most 1,024. */
const MAX_LINE = 8_192;

/**
 * Follows the file of `jobcomp/filetxt` from its end on, also where it is rotated, cut or not there yet. Told by the file system, so within
 * milliseconds of slurmctld's writing.
 */
export class JobcompTail {
  readonly #path: string;
  readonly #tell: (hints: readonly EndHint[]) => void;
  readonly #watcher: ReturnType<typeof watch>;
  #file: { readonly inode: number; offset: number } | null = null;
  #rest = '';
  #reading: Promise<void>;
  #isDirty = false;
  #isClosed = false;

  /**
   * @param tell - is told of lines that look like ends, in the file's order. May not throw
   * @throws where the file's folder cannot be watched
   */
  constructor(path: string, tell: (hints: readonly EndHint[]) => void) {
    this.#path = path;
    this.#tell = tell;
    this.#reading = this.#begin();
    this.#watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
      if (name === null || name === basename(path)) this.#look();
    });
    this.#watcher.on('error', () => undefined);
  }

  /** Resolves when what is written from now on will be told of. */
  async ready(): Promise<void> {
    await this.#reading;
  }

  /** Resolves when what was written before this call has been told of. */
  async catchUp(): Promise<void> {
    this.#look();
    await this.#reading;
  }

  /** Stops following. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#watcher.close();
    await this.#reading;
  }

  async #begin(): Promise<void> {
    const found = await stat(this.#path).catch(() => null);
    if (found !== null) this.#file = { inode: found.ino, offset: found.size };
  }

  #look(): void {
    if (this.#isDirty) return;
    this.#isDirty = true;
    this.#reading = this.#reading.then(() => this.#read()).catch(() => undefined);
  }

  async #read(): Promise<void> {
    this.#isDirty = false;
    if (this.#isClosed) return;
    const handle = await open(this.#path, 'r');
    try {
      const { ino, size } = await handle.stat();
      if (this.#file?.inode !== ino || size < this.#file.offset) {
        this.#file = { inode: ino, offset: 0 };
        this.#rest = '';
      }
      const buffer = Buffer.alloc(CHUNK);
      for (;;) {
        const { bytesRead } = await handle.read(buffer, 0, CHUNK, this.#file.offset);
        if (bytesRead === 0) return;
        this.#file.offset += bytesRead;
        this.#take(buffer.toString('latin1', 0, bytesRead));
      }
    } finally {
      await handle.close();
    }
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = (lines.pop() ?? '').slice(-MAX_LINE);
    const hints = lines.flatMap((line) => parseJobcompLine(line) ?? []);
    if (hints.length > 0) this.#tell(hints);
  }
}
