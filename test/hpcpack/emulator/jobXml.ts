import { XMLParser } from 'fast-xml-parser';
import { type Written } from './NewRecords.js';
import { WRITABLE_JOB, WRITABLE_TASK } from './properties.js';
import { SchedulerError } from './SchedulerError.js';

/** The namespace of job XML from 2008 R2 on. */
const NAMESPACE = 'http://schemas.microsoft.com/HPCS2008R2/scheduler/';

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  htmlEntities: true,
  isArray: (name) => ['Task', 'Variable', 'Term'].includes(name),
});

interface Element {
  readonly [name: string]: unknown;
}

/** A job with its tasks, as its XML says (SDK, Job Schema): attributes are properties, dependencies stand in DependsOn. */
export function readJobXml(xml: string): { readonly job: Written; readonly tasks: readonly Written[] } {
  const root = readXml(xml).Job;
  if (root === undefined || root['@xmlns'] !== NAMESPACE)
    throw new SchedulerError('InvalidJobFile', `The root must be Job of ${NAMESPACE}.`);
  const tasks = ((root['Tasks'] ?? {}) as { readonly Task?: readonly Element[] }).Task ?? [];
  return { job: readElement(root, WRITABLE_JOB), tasks: tasks.map((task) => readElement(task, WRITABLE_TASK)) };
}

function readXml(xml: string): { readonly Job?: Element } {
  try {
    return parser.parse(xml) as { readonly Job?: Element };
  } catch (error) {
    throw new SchedulerError('InvalidJobFile', String(error));
  }
}

function readElement(element: Element, writable: ReadonlyMap<string, string>): Written {
  const properties = new Map<string, string>();
  for (const [key, value] of Object.entries(element)) {
    if (!key.startsWith('@') || key === '@xmlns' || key === '@Version') continue;
    if (key === '@IsParametric') {
      if (value === 'true') properties.set('Type', 'ParametricSweep');
      continue;
    }
    const name = writable.get(key.slice(1).toLowerCase());
    if (name === undefined) throw new SchedulerError('InvalidJobFile', `${key.slice(1)} cannot be set.`);
    properties.set(name, String(value));
  }
  return {
    properties,
    environment: readPairs(element['EnvironmentVariables'], 'Variable'),
    custom: readPairs(element['CustomProperties'], 'Term'),
  };
}

function readPairs(collection: unknown, name: 'Variable' | 'Term'): ReadonlyMap<string, string> {
  const entries = ((collection ?? {}) as Readonly<Record<string, readonly Element[] | undefined>>)[name] ?? [];
  return new Map(entries.map(({ Name, Value }) => [String(Name), String(Value)]));
}
