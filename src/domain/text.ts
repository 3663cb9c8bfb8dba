/** How many Unicode code points the text has. */
export function codePoints(text: string): number {
  let count = 0;
  for (const _codePoint of text) count += 1;
  return count;
}

/** How many bytes the text has as UTF-8; a lone surrogate counts as the replacement character. */
export function byteLength(text: string): number {
  let bytes = 0;
  for (const codePoint of text) {
    const code = codePoint.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return bytes;
}

const SHOWN = 40;

/** The text for a message, in quotes, shortened, control characters escaped. */
export function quote(text: string): string {
  return JSON.stringify(text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text);
}
