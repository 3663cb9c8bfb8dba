/** A change of a task as a router gives it: from Taskgate, with what two other subgraphs know; null where `annotations` did not answer. */
export interface JoinedChange {
  readonly cursor: string;
  readonly previousState: string | null;
  readonly state: string;
  readonly cause: string;
  readonly message: string | null;
  readonly actor: { readonly displayName: string } | null;
  readonly task: {
    readonly id: string;
    readonly headline: string | null;
    readonly job: { readonly owner: { readonly displayName: string } };
    readonly annotations: { readonly nodes: readonly { readonly text: string }[] } | null;
  };
}

/** Selects all of it. */
export const JOINED_CHANGES = `subscription ($jobId: ID, $after: Cursor) { taskStateChanged(jobId: $jobId, after: $after) {
  cursor previousState state cause message
  actor { displayName }
  task { id headline job { owner { displayName } } annotations { nodes { text } } }
} }`;
