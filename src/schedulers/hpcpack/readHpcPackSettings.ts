import { readFileSync } from 'node:fs';
import { type HpcPackSettings } from './HpcPackSettings.js';
import { SecretFile } from '../remote/SecretFile.js';

/** Settings with the files that secrets and certificates are in. */
export interface HpcPackFiles extends Omit<HpcPackSettings, 'credentials' | 'ca' | 'concurrency'> {
  /** With a password: whose it is. */
  readonly user: string | null;
  readonly passwordFile: string | null;
  readonly tokenFile: string | null;
  readonly caFile: string | null;
}

/** What reading the files came to; `message` names the setting whose file cannot be used. */
export type SettingsReading =
  { readonly ok: true; readonly settings: HpcPackSettings } | { readonly ok: false; readonly message: string };

/** The most requests at a time, of reads and of commands each. */
const CONCURRENCY = 8;

/** Reads the files. The secrets are read again whenever their files change. */
export function readHpcPackSettings(files: HpcPackFiles): SettingsReading {
  const { user, passwordFile, tokenFile, caFile, ...settings } = files;
  let reading = 'TASKGATE_HPCPACK_CA_FILE';
  try {
    const ca = caFile === null ? null : readFileSync(caFile, 'utf8');
    if (ca !== null && !ca.includes('-----BEGIN CERTIFICATE-----'))
      return { ok: false, message: `${reading} has no certificate in PEM` };
    reading = tokenFile === null ? 'TASKGATE_HPCPACK_PASSWORD_FILE' : 'TASKGATE_HPCPACK_TOKEN_FILE';
    const secret = new SecretFile(tokenFile ?? passwordFile ?? '');
    const credentials: HpcPackSettings['credentials'] =
      tokenFile === null
        ? () => ({ kind: 'BASIC', user: user ?? '', password: secret.current() })
        : () => ({ kind: 'BEARER', token: secret.current() });
    return { ok: true, settings: { ...settings, ca, credentials, concurrency: CONCURRENCY } };
  } catch (error) {
    return { ok: false, message: `${reading} cannot be read: ${error instanceof Error ? error.message : 'unknown'}` };
  }
}
