/**
 * A place between two changes of the log: everything before it was seen, reading goes on at it. `sequence` names the
 * record that comes next and `offset` how many of that record's single changes (subtasks of a range) were seen already.
 */
export interface LogPosition {
  readonly sequence: number;
  readonly offset: number;
}

/** The position in front of everything that may ever be logged. */
export const LOG_START: LogPosition = { sequence: 1, offset: 0 };

/** A position behind everything that may ever be logged: who goes on from it is told that its place is lost. */
export const NO_PLACE: LogPosition = { sequence: 999_999_999_999_999, offset: 0 };

/** What the text of a cursor turned out to be. `OTHER_LOG`: it was given out before history was lost, or by another gateway. */
export type ParsedCursor =
  | { readonly kind: 'POSITION'; readonly position: LogPosition }
  | { readonly kind: 'OTHER_LOG' }
  | { readonly kind: 'MALFORMED' };

/** The cursor's text: opaque to clients, the same on every road. */
export function printCursor(epoch: string, position: LogPosition): string {
  return Buffer.from(`${epoch}.${position.sequence}.${position.offset}`, 'latin1').toString('base64url');
}

/** Reads what {@link printCursor} wrote. */
export function parseCursor(epoch: string, text: string): ParsedCursor {
  const plain = Buffer.from(text, 'base64url').toString('latin1');
  const match = /^([0-9a-f]{8,32})\.([1-9][0-9]{0,14})\.(0|[1-9][0-9]{0,9})$/.exec(plain);
  if (match === null || Buffer.from(plain, 'latin1').toString('base64url') !== text) return { kind: 'MALFORMED' };
  if (match[1] !== epoch) return { kind: 'OTHER_LOG' };
  return { kind: 'POSITION', position: { sequence: Number(match[2]), offset: Number(match[3]) } };
}

/** Negative, zero or positive as `a` is before, at or after `b`. */
export function comparePositions(a: LogPosition, b: LogPosition): number {
  return a.sequence - b.sequence || a.offset - b.offset;
}
