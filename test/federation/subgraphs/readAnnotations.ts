import { readFileSync } from 'node:fs';

/** A key of `Task`, as in `@key(fields:)`. */
export type TaskKey = 'id' | 'jobId taskId';

/** The schema of annotations, which knows `Task` by both keys, or by one of them only. */
export function readAnnotations(only: TaskKey | null): string {
  const text = readFileSync(new URL('annotations.graphql', import.meta.url), 'utf8');
  switch (only) {
    case null:
      return text;
    case 'id':
      return text.replace(' @key(fields: "jobId taskId")', '').replace(/^ {2}(jobId|taskId): ID!\n/gm, '');
    case 'jobId taskId':
      return text.replace(' @key(fields: "id") @key', ' @key').replace(/(type Task .*\n) {2}id: ID!\n/, '$1');
  }
}
