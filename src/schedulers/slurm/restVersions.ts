/** The REST versions that are spoken, oldest first. Slurm's name of one is `v0.0.38`. */
export const REST_VERSIONS = [38, 39, 40, 41, 42, 43, 44, 45] as const;

/** A REST version that is spoken: 38 is Slurm's `v0.0.38`. */
export type RestVersion = (typeof REST_VERSIONS)[number];

/** Slurm's own version, `22.05.8`: compared by these three in turn. */
export interface SlurmRelease {
  readonly major: number;
  readonly minor: number;
  readonly micro: number;
}

/** What slurmrestd serves: each version's endpoints, as in its OpenAPI document (`"delete /jobs/"`). */
export type ServedVersions = ReadonlyMap<RestVersion, ReadonlySet<string>>;

/**
 * How single elements of an array are canceled.
 * PATH: `DELETE /job/A_T`. BODY: `DELETE /jobs/` with the ids in its body. COMMAND: by `scancel` only, because this version would drop the
 * element from the path and kill the whole array.
 */
export type ElementCancel = 'PATH' | 'BODY' | 'COMMAND';

/** The first releases of Slurm with (or without) something that matters here. */
const RELEASES = {
  /** `DELETE /jobs/` and `GET /jobs/state/` are served. */
  bulkCancel: { major: 23, minor: 11, micro: 6 },
  /** `POST /job/A_T` is rejected. */
  noElementUpdate: { major: 23, minor: 11, micro: 0 },
  /** `DELETE /job/A_T` of the versions from v0.0.39 on kills the element and not the array. */
  safeElementPath: { major: 24, minor: 11, micro: 0 },
} as const;

/** Reads Slurm's own version, such as `22.05.8` or `24.11.0-1`; null where the text is anything else. */
export function parseRelease(text: string): SlurmRelease | null {
  const match = /^(\d+)\.(\d+)\.(\d+)/.exec(text);
  return match === null ? null : { major: Number(match[1]), minor: Number(match[2]), micro: Number(match[3]) };
}

/** Slurm's own way to write the version: `22.05.8`. */
export function printRelease({ major, minor, micro }: SlurmRelease): string {
  return `${major}.${String(minor).padStart(2, '0')}.${micro}`;
}

/** Whether the release is that one or a later one. */
export function isAtLeast(release: SlurmRelease, other: SlurmRelease): boolean {
  if (release.major !== other.major) return release.major > other.major;
  if (release.minor !== other.minor) return release.minor > other.minor;
  return release.micro >= other.micro;
}

/** How single elements are canceled by this version, where this release of Slurm serves it. */
export function elementCancel(version: RestVersion, release: SlurmRelease): ElementCancel {
  if (version === 38 || isAtLeast(release, RELEASES.safeElementPath)) return 'PATH';
  return version >= 40 && isAtLeast(release, RELEASES.bulkCancel) ? 'BODY' : 'COMMAND';
}

/** Whether `POST /job/A_T` changes that element: later it is rejected, and v0.0.39 would change the whole array. */
export function updatesElements(version: RestVersion, release: SlurmRelease): boolean {
  return version === 38 && !isAtLeast(release, RELEASES.noElementUpdate);
}

/**
 * The version to speak: the newest that can cancel a single element, else the newest of all.
 *
 * @returns null where none that is served is spoken here
 */
export function chooseVersion(served: Iterable<RestVersion>, release: SlurmRelease): RestVersion | null {
  const newestFirst = [...served].sort((a, b) => b - a);
  return newestFirst.find((version) => elementCancel(version, release) !== 'COMMAND') ?? newestFirst[0] ?? null;
}

/** Reads what is served from the paths of slurmrestd's OpenAPI document. */
export function readServed(paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>): ServedVersions {
  const served = new Map<RestVersion, Set<string>>();
  for (const [path, methods] of Object.entries(paths)) {
    const match = /^\/slurm\/v0\.0\.(\d+)(\/.*)$/.exec(path);
    const version = REST_VERSIONS.find((known) => known === Number(match?.[1]));
    const rest = match?.[2];
    if (version === undefined || rest === undefined) continue;
    const endpoints = served.get(version) ?? new Set();
    for (const method of Object.keys(methods)) endpoints.add(`${method} ${rest}`);
    served.set(version, endpoints);
  }
  return served;
}
