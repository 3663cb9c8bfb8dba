import { type Clock } from '../../domain/Clock.js';
import { SecretFile } from '../remote/SecretFile.js';
import { MintedIdentity, ServiceIdentity, type SlurmIdentity } from './SlurmIdentity.js';

/** How the gateway proves to Slurm who asks: one of these is given. */
export interface IdentitySettings {
  readonly serviceUser: string;
  /** A token of the service user. */
  readonly token: string | null;
  /** The path of a file with such a token. */
  readonly tokenFile: string | null;
  /** The path of the cluster's own key. */
  readonly jwtKeyFile: string | null;
}

/** What opening an identity came to; `message` names the file that cannot be read. */
export type IdentityOpening =
  { readonly ok: true; readonly identity: SlurmIdentity } | { readonly ok: false; readonly message: string };

/** Reads what the gateway proves itself with. */
export async function openIdentity(settings: IdentitySettings, clock: Clock): Promise<IdentityOpening> {
  const { serviceUser, token, tokenFile, jwtKeyFile } = settings;
  try {
    if (jwtKeyFile !== null) return { ok: true, identity: await MintedIdentity.fromFile(jwtKeyFile, clock) };
    if (tokenFile === null) return { ok: true, identity: new ServiceIdentity(serviceUser, () => token ?? '') };
    const file = new SecretFile(tokenFile);
    return { ok: true, identity: new ServiceIdentity(serviceUser, () => file.current()) };
  } catch (error) {
    const setting = jwtKeyFile === null ? 'TASKGATE_SLURM_TOKEN_FILE' : 'TASKGATE_SLURM_JWT_KEY_FILE';
    return {
      ok: false,
      message: `${setting} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
