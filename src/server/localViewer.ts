import { userInfo } from 'node:os';
import { SCOPES, type Viewer } from '../domain/access.js';

/** The viewer where there is no authentication: the user who runs the gateway, with all scopes. A user without a name is `uid:1000`. */
export function localViewer(): Viewer {
  return { user: userName(), scopes: new Set(SCOPES) };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid:${process.getuid?.() ?? 'unknown'}`;
  }
}
