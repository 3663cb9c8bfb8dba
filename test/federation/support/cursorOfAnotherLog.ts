/** A cursor as Taskgate prints them, of a history that no Taskgate has. */
export const cursorOfAnotherLog = Buffer.from('0123456789abcdef.1.0').toString('base64url');
