import { type JobSpec, type TaskSpec } from '../../domain/Job.js';
import { DEPENDS_ON_SEPARATOR, nativeName } from './mapping.js';

/** The namespace of job XML from 2008 R2 on. */
const NAMESPACE = 'http://schemas.microsoft.com/HPCS2008R2/scheduler/';

/** The custom property by which a job is found again whose creation was not answered. */
export const REQUEST_PROPERTY = 'TaskgateRequest';

/** The custom property of a job that is to be submitted as soon as it is created. */
export const SUBMIT_PROPERTY = 'TaskgateSubmit';

/** How a job is marked, so that it is found again. */
export interface JobMark {
  readonly requestId: string;
  /** It is to be submitted as soon as it is created. */
  readonly submit: boolean;
}

/** The job's ClientSource, by which it is found in a list; a head node that does not keep it has the custom property. */
export function clientSource(requestId: string): string {
  return `Taskgate ${requestId}`;
}

/** The values of properties by their names; null: left out. */
type Values = Readonly<Record<string, string | number | boolean | null>>;

/** A job with all its tasks as one document, so that it is created whole or not at all (SDK, Job Schema). */
export function printJobXml(spec: JobSpec, tasks: readonly TaskSpec[], { requestId, submit }: JobMark): string {
  const job: Values = {
    Version: '3.000',
    Name: spec.name,
    Priority: nativeName(spec.priority),
    Project: spec.project,
    RunUntilCanceled: spec.runUntilCanceled,
    FailOnTaskFailure: spec.failOnTaskFailure,
    UnitType: 'Core',
    ClientSource: clientSource(requestId),
    xmlns: NAMESPACE,
  };
  const children = [
    element(
      'CustomProperties',
      {},
      nameValue('Term', REQUEST_PROPERTY, requestId) + nameValue('Term', SUBMIT_PROPERTY, submit ? 'True' : 'False'),
    ),
    element('Dependencies', {}),
    element('Tasks', {}, tasks.map(taskElement).join('')),
  ];
  return `<?xml version="1.0" encoding="utf-8"?>${element('Job', job, children.join(''))}`;
}

/** What a task is created with, by names that are the same in job XML and in the REST API. */
export function taskProperties(spec: TaskSpec): Values {
  return {
    Name: spec.name === '' ? null : spec.name,
    CommandLine: spec.commandLine,
    WorkDirectory: spec.workDirectory,
    StdInFilePath: spec.stdinPath,
    StdOutFilePath: spec.stdoutPath,
    StdErrFilePath: spec.stderrPath,
    MinCores: spec.minCores,
    MaxCores: spec.minCores,
    RuntimeSeconds: spec.runtimeSeconds,
    IsRerunnable: spec.isRerunnable,
    DependsOn: spec.dependsOn.length === 0 ? null : spec.dependsOn.join(DEPENDS_ON_SEPARATOR),
    ...(spec.sweep === null
      ? {}
      : {
          Type: 'ParametricSweep',
          StartValue: spec.sweep.start,
          EndValue: spec.sweep.end,
          IncrementValue: spec.sweep.increment,
        }),
  };
}

/** Whether the text has only characters that XML 1.0 can hold: no control characters but tab and line ends, no lone surrogates. */
export function fitsXml(text: string): boolean {
  return text.isWellFormed() && !/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u.test(text);
}

function taskElement(spec: TaskSpec): string {
  const values = { Version: '3.000', ...taskProperties(spec), ...(spec.sweep === null ? {} : { IsParametric: true }) };
  const variables = spec.environment.map(({ name, value }) => nameValue('Variable', name, value)).join('');
  return element('Task', values, variables === '' ? '' : element('EnvironmentVariables', {}, variables));
}

function nameValue(tag: string, name: string, value: string): string {
  return element(tag, {}, element('Name', {}, escape(name)) + element('Value', {}, escape(value)));
}

function element(tag: string, values: Values, children = ''): string {
  const attributes = Object.entries(values).flatMap(([name, value]) =>
    value === null ? [] : [` ${name}="${escape(String(value))}"`],
  );
  return children === '' ? `<${tag}${attributes.join('')} />` : `<${tag}${attributes.join('')}>${children}</${tag}>`;
}

/** Tabs and line ends too, which a parser would otherwise make spaces of within an attribute (XML 1.0, 3.3.3). */
function escape(text: string): string {
  return text.replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
