import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

/** The most bytes of a UTF-8 character that may follow its first one. */
const MAX_CONTINUATION = 3;

/**
 * The last bytes of a file as text. Bytes that are not UTF-8 become the replacement character; a character that the cut went through is left out.
 *
 * @param maxBytes - 0 or more
 * @returns null where the file is not there or cannot be read, or where it is no regular file: reading a named pipe would wait for its writer
 */
export function readTail(path: string, maxBytes: number): string | null {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile()) return null;
    const { size } = status;
    const length = Math.min(size, maxBytes);
    const bytes = Buffer.alloc(length);
    const read = readSync(file, bytes, 0, length, size - length);
    const start = length < size ? firstWhole(bytes) : 0;
    return bytes.toString('utf8', start, read);
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

function firstWhole(bytes: Buffer): number {
  let start = 0;
  while (start < MAX_CONTINUATION && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return start;
}
