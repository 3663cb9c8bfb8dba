import { describe, expect, test } from 'vitest';
import {
  chooseVersion,
  elementCancel,
  parseRelease,
  readServed,
  REST_VERSIONS,
  type RestVersion,
  type SlurmRelease,
  updatesElements,
} from './restVersions.js';

function release(text: string): SlurmRelease {
  const parsed = parseRelease(text);
  if (parsed === null) throw new Error(`${text} is no release`);
  return parsed;
}

/** The releases of Slurm, and the versions that each serves. */
const SERVED: readonly (readonly [string, readonly RestVersion[]])[] = [
  ['22.05.8', [38]],
  ['23.02.7', [38, 39]],
  ['23.11.5', [38, 39, 40]],
  ['23.11.6', [38, 39, 40]],
  ['24.05.8', [39, 40, 41]],
  ['24.11.0', [40, 41, 42]],
  ['25.05.3', [40, 41, 42, 43]],
  ['25.11.1', [41, 42, 43, 44]],
  ['26.05.3', [42, 43, 44, 45]],
];

describe('The version of REST', () => {
  test('is the newest of each release that can cancel a single element', () => {
    const chosen = SERVED.map(([text, versions]) => {
      const version = chooseVersion(versions, release(text));
      return [text, version, version === null ? null : elementCancel(version, release(text))];
    });
    expect(chosen).toStrictEqual([
      ['22.05.8', 38, 'PATH'],
      ['23.02.7', 38, 'PATH'],
      ['23.11.5', 38, 'PATH'],
      ['23.11.6', 40, 'BODY'],
      ['24.05.8', 41, 'BODY'],
      ['24.11.0', 42, 'PATH'],
      ['25.05.3', 43, 'PATH'],
      ['25.11.1', 44, 'PATH'],
      ['26.05.3', 45, 'PATH'],
    ]);
  });

  test('is the newest where none can, and none where none is known', () => {
    expect([chooseVersion([39], release('23.02.7')), chooseVersion([], release('21.08.0'))]).toStrictEqual([39, null]);
  });

  test('names no element in a path where that would kill the whole array', () => {
    const dangerous = ['23.02.0', '23.11.11', '24.05.8'];
    const paths = REST_VERSIONS.filter((version) =>
      dangerous.some((text) => elementCancel(version, release(text)) === 'PATH'),
    );
    expect(paths).toStrictEqual([38]);
  });

  test('changes single elements up to 23.02 and never from v0.0.39 on', () => {
    const able = SERVED.map(([text, versions]) => [
      text,
      versions.filter((each) => updatesElements(each, release(text))),
    ]);
    expect(able.filter(([, versions]) => versions?.length !== 0)).toStrictEqual([
      ['22.05.8', [38]],
      ['23.02.7', [38]],
    ]);
  });

  test('is read with its endpoints from the paths that slurmrestd serves', () => {
    const served = readServed({
      '/slurm/v0.0.38/job/{job_id}': { get: {}, delete: {} },
      '/slurm/v0.0.40/jobs/': { delete: {} },
      '/slurm/v0.0.36/jobs': { get: {} },
      '/slurmdb/v0.0.38/jobs': { get: {} },
      '/openapi/v3': { get: {} },
    });
    expect([...served]).toStrictEqual([
      [38, new Set(['get /job/{job_id}', 'delete /job/{job_id}'])],
      [40, new Set(['delete /jobs/'])],
    ]);
  });

  test('belongs to a release, whose text is read up to its third number', () => {
    expect(['22.05.8', '24.11.0-1', '25.05.0rc1', 'trunk', ''].map(parseRelease)).toStrictEqual([
      { major: 22, minor: 5, micro: 8 },
      { major: 24, minor: 11, micro: 0 },
      { major: 25, minor: 5, micro: 0 },
      null,
      null,
    ]);
  });
});
