/** What a viewer may do. OPERATE: see and change everybody's jobs (HPC Pack, Job Operator). */
export const SCOPES = ['READ', 'SUBMIT', 'CANCEL', 'OPERATE'] as const;

/** What a viewer may do. */
export type Scope = (typeof SCOPES)[number];

/** Who asks. */
export interface Viewer {
  /** The user's id, as the scheduler knows it. */
  readonly user: string;
  readonly scopes: ReadonlySet<Scope>;
}

/** Whether the viewer may see the owner's jobs: the owner and operators may. */
export function maySee(viewer: Viewer, owner: string): boolean {
  return viewer.scopes.has('OPERATE') || (viewer.user === owner && viewer.scopes.has('READ'));
}

/** The owner whose jobs alone the viewer may see; null: everybody's; empty, as no user's id is: nobody's. */
export function ownerSeenBy({ user, scopes }: Viewer): string | null {
  if (scopes.has('OPERATE')) return null;
  return scopes.has('READ') ? user : '';
}

/** Whether the viewer may stop, finish or requeue the owner's jobs and tasks. */
export function mayCancel(viewer: Viewer, owner: string): boolean {
  return viewer.scopes.has('OPERATE') || (viewer.user === owner && viewer.scopes.has('CANCEL'));
}

/** Whether the viewer may add to the owner's jobs and submit them. */
export function maySubmit(viewer: Viewer, owner: string): boolean {
  return viewer.scopes.has('OPERATE') || (viewer.user === owner && viewer.scopes.has('SUBMIT'));
}

/** Viewers of whom this is the same see the same jobs, and may do the same with each of them. */
export function visibilityOf({ user, scopes }: Viewer): string {
  return scopes.has('OPERATE') ? 'OPERATE' : JSON.stringify([user, SCOPES.filter((scope) => scopes.has(scope))]);
}
