import { Field, Int, ObjectType } from 'type-graphql';
import { type Job } from '../../domain/Job.js';
import { jobKey, type JobQuery, type Page } from '../../schedulers/scheduler.js';
import { type Loaders } from '../Loaders.js';
import { printJobCursor } from '../pageCursors.js';
import { JobObject } from './JobObject.js';
import { PageInfo } from './PageInfo.js';

/** `JobEdge` of the schema. */
@ObjectType('JobEdge', { description: 'A job at its place in a list.' })
export class JobEdge {
  @Field(() => String, { description: 'Its place: pass it as `after` or `before`, with the same `orderBy`.' })
  readonly cursor: string;

  @Field(() => JobObject, { description: 'The job.' })
  readonly node: JobObject;

  constructor(cursor: string, node: JobObject) {
    this.cursor = cursor;
    this.node = node;
  }
}

/** `JobConnection` of the schema: reads only what is asked of it, and each part once. */
@ObjectType('JobConnection', { description: 'A page of the jobs that you may see.' })
export class JobConnection {
  readonly #query: JobQuery;
  readonly #loaders: Loaders;
  #page: Promise<Page<Job>> | null = null;

  constructor(query: JobQuery, loaders: Loaders) {
    this.#query = query;
    this.#loaders = loaders;
  }

  @Field(() => [JobEdge], { description: 'The jobs of this page, with their places.' })
  async edges(): Promise<readonly JobEdge[]> {
    const { items } = await this.#read();
    return items.map((job) => new JobEdge(this.#cursorOf(job), new JobObject(job, this.#loaders)));
  }

  @Field(() => [JobObject], { description: 'The jobs of this page.' })
  async nodes(): Promise<readonly JobObject[]> {
    const { items } = await this.#read();
    return items.map((job) => new JobObject(job, this.#loaders));
  }

  @Field(() => PageInfo, { description: 'Where this page stands.' })
  async pageInfo(): Promise<PageInfo> {
    const { items, hasPreviousPage, hasNextPage } = await this.#read();
    return new PageInfo(
      hasPreviousPage,
      hasNextPage,
      items.map((job) => this.#cursorOf(job)),
    );
  }

  @Field(() => Int, { description: 'How many jobs match, on all pages.' })
  totalCount(): Promise<number> {
    return this.#loaders.scheduler.countJobs(this.#loaders.viewer, this.#query.filter);
  }

  #read(): Promise<Page<Job>> {
    this.#page ??= this.#loaders.scheduler.listJobs(this.#loaders.viewer, this.#query);
    return this.#page;
  }

  #cursorOf(job: Job): string {
    const { field } = this.#query.order;
    return printJobCursor(field, jobKey(job, field));
  }
}
