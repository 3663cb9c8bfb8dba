import { type JobKey, type JobOrderField } from '../schedulers/scheduler.js';

function encode(text: string): string {
  return Buffer.from(text, 'latin1').toString('base64url');
}

function decode(cursor: string, form: RegExp): RegExpExecArray | null {
  return form.exec(Buffer.from(cursor, 'base64url').toString('latin1'));
}

/** A task's place among the tasks of its job, or a subtask's in its sweep, as an opaque cursor. */
export function printTaskCursor(key: number): string {
  return encode(`task:${key}`);
}

/** Reads what {@link printTaskCursor} wrote; null where the text is anything else. */
export function parseTaskCursor(cursor: string): number | null {
  const match = decode(cursor, /^task:(\d{1,10})$/);
  return match === null ? null : Number(match[1]);
}

/** A job's place in a list sorted by the field, as an opaque cursor. */
export function printJobCursor(field: JobOrderField, { value, id }: JobKey): string {
  return encode(`job:${field}:${value}:${id}`);
}

/** Reads what {@link printJobCursor} wrote for this field; null where the text is anything else. */
export function parseJobCursor(field: JobOrderField, cursor: string): JobKey | null {
  const match = decode(cursor, /^job:([A-Z_]+):(\d{1,16}):(\d{1,10})$/);
  return match?.[1] === field ? { value: Number(match[2]), id: Number(match[3]) } : null;
}
