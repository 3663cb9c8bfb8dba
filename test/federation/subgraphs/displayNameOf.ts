/** What the subgraph `accounts` calls a user. */
export function displayNameOf(id: string): string {
  return `${id.slice(0, 1).toUpperCase()}${id.slice(1)} of accounts`;
}
