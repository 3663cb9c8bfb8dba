/** How many Unicode code points the text has. */
export function codePoints(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    if ((text.codePointAt(index) ?? 0) > 0xffff) index += 1;
    count += 1;
  }
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

/** The text for a message, in quotes, cut after 40 code points, control characters escaped. */
export function quote(text: string): string {
  const start = Array.from(text.slice(0, 2 * SHOWN + 2));
  return JSON.stringify(start.length > SHOWN ? `${start.slice(0, SHOWN).join('')}…` : text);
}
