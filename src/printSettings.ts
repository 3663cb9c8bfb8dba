import './requireNode.js';
import { readFileSync, writeFileSync } from 'node:fs';
import { settingsTable } from './config/settingsTable.js';

const readme = new URL('../README.md', import.meta.url);
const [head, rest] = readFileSync(readme, 'utf8').split(/(?<=<!-- settings: .* -->\n)/);
const tail = rest?.slice(rest.indexOf('<!-- end of settings -->'));
if (head === undefined || tail === undefined) throw new Error('README.md has no place for the settings');
writeFileSync(readme, `${head}\n${settingsTable()}\n${tail}`);
