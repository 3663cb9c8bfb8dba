import { type GraphQLSchema } from 'graphql';
import { type Viewer } from '../domain/access.js';

/** Whether clients should be sent here now; where not, `reason` says why, fit for clients. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reason: string };

/** What the server serves: all that it knows of the rest of the gateway. */
export interface GatewayInterface {
  /** Executable and stateless. */
  readonly schema: GraphQLSchema;
  /**
   * The context value for one operation of this viewer: a new one each time.
   *
   * @param resumeAfter - of a subscription, the cursor from which its reader goes on, whatever its document says of that
   */
  readonly createContext: (viewer: Viewer, resumeAfter?: string) => object;
  readonly readiness: () => Readiness;
}
