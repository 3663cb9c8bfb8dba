import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SecretFile } from './SecretFile.js';

describe('A secret in a file', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'taskgate-secret-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is its text without line ends behind it', () => {
    writeFileSync(join(folder, 'password'), ' p w \r\n');
    expect(new SecretFile(join(folder, 'password')).current()).toBe(' p w ');
  });

  it('is read again when the file is replaced, and stays while there is none', () => {
    const path = join(folder, 'password');
    writeFileSync(path, 'old');
    const secret = new SecretFile(path);
    rmSync(path);
    expect(secret.current()).toBe('old');
    writeFileSync(`${path}.new`, 'newer');
    renameSync(`${path}.new`, path);
    expect(secret.current()).toBe('newer');
  });

  it('must be there at first', () => {
    expect(() => new SecretFile(join(folder, 'none'))).toThrow('ENOENT');
  });
});
