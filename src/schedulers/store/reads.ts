import { type SQLInputValue } from 'node:sqlite';
import { ownerSeenBy, type Viewer } from '../../domain/access.js';
import { type Job, type Task } from '../../domain/Job.js';
import { type InstanceRange } from '../../domain/InstanceSet.js';
import {
  type JobFilter,
  type JobOrderField,
  type JobQuery,
  type Page,
  type PageRequest,
  type TaskFilter,
  type TaskListing,
  type TaskQuery,
} from '../scheduler.js';
import { type StateStore } from './StateStore.js';
import { type GroupRow, readGroupRow, readJobRow, readTaskRow, type TaskRow } from './rows.js';
import { type Views } from './views.js';

/** Parts of a WHERE clause with their values. */
class Conditions {
  readonly #parts: string[] = [];
  readonly values: SQLInputValue[] = [];

  add(part: string, ...values: readonly SQLInputValue[]): this {
    this.#parts.push(part);
    this.values.push(...values);
    return this;
  }

  addList(column: string, allowed: readonly string[] | null): this {
    return allowed === null ? this : this.add(`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(allowed));
  }

  /** The clause, empty where nothing is restricted. */
  get clause(): string {
    return this.#parts.length === 0 ? '' : `WHERE ${this.#parts.join(' AND ')}`;
  }
}

const ORDER_COLUMN: Readonly<Record<JobOrderField, string>> = {
  ID: 'id',
  SUBMITTED_AT: 'coalesce(submitted_at, 0)',
  CHANGED_AT: 'changed_at',
  PRIORITY: 'priority',
};

/** A page of the jobs that the viewer may see. */
export function listJobs(store: StateStore, views: Views, viewer: Viewer, query: JobQuery): Page<Job> {
  const { order, page } = query;
  const column = ORDER_COLUMN[order.field];
  const conditions = jobConditions(viewer, query.filter);
  const beyond = (descending: boolean): string => `(${column}, id) ${descending ? '<' : '>'} (?, ?)`;
  if (page.after !== null) conditions.add(beyond(order.descending), page.after.value, page.after.id);
  if (page.before !== null) conditions.add(beyond(!order.descending), page.before.value, page.before.id);
  const direction = order.descending === page.backward ? 'ASC' : 'DESC';
  const sql = `SELECT * FROM jobs ${conditions.clause} ORDER BY ${column} ${direction}, id ${direction} LIMIT ?`;
  const rows = store.all(sql, ...conditions.values, page.limit + 1);
  return cut(
    rows.map((row) => views.job(readJobRow(row))),
    page,
  );
}

/** How many jobs the viewer may see that match. */
export function countJobs(store: StateStore, viewer: Viewer, filter: JobFilter): number {
  const conditions = jobConditions(viewer, filter);
  return Number(store.get(`SELECT count(*) AS count FROM jobs ${conditions.clause}`, ...conditions.values)?.['count']);
}

function jobConditions(viewer: Viewer, filter: JobFilter): Conditions {
  const conditions = new Conditions().addList('state', filter.states);
  const owner = ownerSeenBy(viewer);
  if (owner !== null) conditions.add('owner = ?', owner);
  if (filter.owner !== null) conditions.add('owner = ?', filter.owner);
  if (filter.nameContains !== null) conditions.add('instr(lower(name), lower(?)) > 0', filter.nameContains);
  if (filter.submittedAfter !== null) conditions.add('submitted_at >= ?', filter.submittedAfter);
  if (filter.submittedBefore !== null) conditions.add('submitted_at <= ?', filter.submittedBefore);
  return conditions;
}

/** A page of a job's basic and master tasks, or of a sweep's subtasks. */
export function listTasks(store: StateStore, views: Views, query: TaskQuery): Page<Task> {
  return query.masterNumber === null
    ? listTopTasks(store, views, query)
    : listSubtasks(store, views, query, query.masterNumber);
}

/** How many tasks are in the listing. */
export function countTasks(store: StateStore, listing: TaskListing): number {
  const { jobId, masterNumber, filter } = listing;
  if (masterNumber !== null) {
    const master = store.task({ jobId, taskNumber: masterNumber, instance: null });
    if (master?.subtaskCounts == null || !subtasksMatch(master.name, filter)) return 0;
    const counts = Object.entries(master.subtaskCounts);
    return counts.reduce(
      (sum, [state, count]) => ((filter.states?.some((wanted) => wanted === state) ?? true) ? sum + count : sum),
      0,
    );
  }
  const conditions = topTaskConditions(jobId, filter);
  return Number(store.get(`SELECT count(*) AS count FROM tasks ${conditions.clause}`, ...conditions.values)?.['count']);
}

/** The job's basic and master tasks that match and are not over, in order. */
export function matchingTopTasks(store: StateStore, jobId: number, filter: TaskFilter | null): readonly TaskRow[] {
  const conditions = topTaskConditions(jobId, filter ?? { states: null, types: null, nameContains: null });
  conditions.add("state NOT IN ('FINISHED', 'FAILED', 'CANCELED')");
  return store.all(`SELECT * FROM tasks ${conditions.clause} ORDER BY number`, ...conditions.values).map(readTaskRow);
}

function topTaskConditions(jobId: number, filter: TaskFilter): Conditions {
  const conditions = new Conditions().add('job_id = ?', jobId).add('instance = -1');
  conditions.addList('state', filter.states).addList('type', filter.types);
  if (filter.nameContains !== null) conditions.add('instr(lower(name), lower(?)) > 0', filter.nameContains);
  return conditions;
}

function listTopTasks(store: StateStore, views: Views, { jobId, filter, page }: TaskQuery): Page<Task> {
  const conditions = between(topTaskConditions(jobId, filter), 'number', page);
  const direction = page.backward ? 'DESC' : 'ASC';
  const rows = store.all(
    `SELECT * FROM tasks ${conditions.clause} ORDER BY number ${direction} LIMIT ?`,
    ...conditions.values,
    page.limit + 1,
  );
  return cut(
    rows.map((row) => views.task(readTaskRow(row))),
    page,
  );
}

/** Subtasks with rows of their own and ranges of untouched ones, merged in order of their value. */
function listSubtasks(
  store: StateStore,
  views: Views,
  { jobId, filter, page }: TaskQuery,
  masterNumber: number,
): Page<Task> {
  const master = store.task({ jobId, taskNumber: masterNumber, instance: null });
  if (master?.subtaskCounts == null || !subtasksMatch(master.name, filter))
    return { items: [], hasNextPage: false, hasPreviousPage: false };
  const direction = page.backward ? 'DESC' : 'ASC';
  const own = new Conditions()
    .add('job_id = ?', jobId)
    .add('number = ?', masterNumber)
    .add('instance >= 0')
    .addList('state', filter.states);
  const rows = store
    .all(
      `SELECT * FROM tasks ${between(own, 'instance', page).clause} ORDER BY instance ${direction} LIMIT ?`,
      ...own.values,
      page.limit + 1,
    )
    .map(readTaskRow);
  const found = rows.map((row) => ({ instance: row.ref.instance ?? 0, task: () => views.task(row) }));
  for (const { group, range } of untouched(store, jobId, masterNumber, filter, page)) {
    const step = views.spec(jobId, masterNumber).sweep?.increment ?? 1;
    for (const instance of valuesWithin(range, step, page)) {
      found.push({ instance, task: () => views.groupMember(group, instance, master.createdAt) });
    }
  }
  found.sort((a, b) => (page.backward ? b.instance - a.instance : a.instance - b.instance));
  return cut(
    found.slice(0, page.limit + 1).map(({ task }) => task()),
    page,
  );
}

interface UntouchedRange {
  readonly group: GroupRow;
  readonly range: InstanceRange;
}

/** The ranges that may hold the page: at most one more than its items. */
function untouched(
  store: StateStore,
  jobId: number,
  number: number,
  filter: TaskFilter,
  page: PageRequest<number>,
): readonly UntouchedRange[] {
  const conditions = new Conditions()
    .add('r.job_id = ?', jobId)
    .add('r.number = ?', number)
    .addList('g.state', filter.states);
  if (page.after !== null) conditions.add('r.last > ?', page.after);
  if (page.before !== null) conditions.add('r.first < ?', page.before);
  const sql = `SELECT r.first, r.last, g.* FROM subtask_ranges r JOIN subtask_groups g ON g.id = r.group_id ${conditions.clause}
    ORDER BY r.first ${page.backward ? 'DESC' : 'ASC'} LIMIT ?`;
  return store
    .all(sql, ...conditions.values, page.limit + 1)
    .map((row) => ({ group: readGroupRow(row), range: [Number(row['first']), Number(row['last'])] }));
}

/** The range's values on the page, at most one more than fit, from the end where paging starts. */
function* valuesWithin([first, last]: InstanceRange, step: number, page: PageRequest<number>): Generator<number> {
  const { after, before, limit, backward } = page;
  const low = after === null || after < first ? first : first + (Math.floor((after - first) / step) + 1) * step;
  const high = before === null || before > last ? last : first + (Math.ceil((before - first) / step) - 1) * step;
  for (let count = 0, value = backward ? high : low; count <= limit && value >= low && value <= high; count += 1) {
    yield value;
    value += backward ? -step : step;
  }
}

function subtasksMatch(masterName: string, filter: TaskFilter): boolean {
  const { types, nameContains } = filter;
  if (types !== null && !types.includes('BASIC')) return false;
  return nameContains === null || masterName.toLowerCase().includes(nameContains.toLowerCase());
}

function between(conditions: Conditions, column: string, page: PageRequest<number>): Conditions {
  if (page.after !== null) conditions.add(`${column} > ?`, page.after);
  if (page.before !== null) conditions.add(`${column} < ?`, page.before);
  return conditions;
}

/** Takes off the item that only shows whether there is more, and puts the items in the list's order. */
function cut<Item, Key>(items: readonly Item[], page: PageRequest<Key>): Page<Item> {
  const more = items.length > page.limit;
  const kept = items.slice(0, page.limit);
  return {
    items: page.backward ? kept.reverse() : kept,
    hasNextPage: page.backward ? page.before !== null : more,
    hasPreviousPage: page.backward ? more : page.after !== null,
  };
}
