import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { parse } from 'graphql';
import { readAnnotations, type TaskKey } from '../subgraphs/readAnnotations.js';

/** Where each subgraph is served. */
export interface SubgraphUrls {
  readonly taskgate: string;
  readonly accounts: string;
  readonly annotations: string;
}

/** A print of Taskgate's subgraph, in the folder `schema`. */
export type TaskgatePrint = 'subgraph.graphql' | 'subgraph-without-security.graphql';

/** What the graph is composed of. */
export interface GraphParts {
  /** Without security directives where left out, since routers here see no access tokens. */
  readonly print?: TaskgatePrint;
  /** The only key by which `annotations` knows tasks; both where left out. */
  readonly taskKey?: TaskKey | undefined;
}

/** The subgraphs' schemas. */
export function readSubgraphs({ print = 'subgraph-without-security.graphql', taskKey }: GraphParts = {}): Readonly<
  Record<keyof SubgraphUrls, string>
> {
  const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
  return {
    taskgate: read(`../../../schema/${print}`),
    accounts: read('../subgraphs/accounts.graphql'),
    annotations: readAnnotations(taskKey ?? null),
  };
}

/** The supergraph that routers are started with, as Apollo's tools compose it. Throws where the subgraphs do not fit together. */
export function composeGraph(urls: SubgraphUrls, parts: GraphParts = {}): string {
  const subgraphs = readSubgraphs(parts);
  const names = Object.keys(subgraphs) as (keyof SubgraphUrls)[];
  const { supergraphSdl, errors } = composeServices(
    names.map((name) => ({ name, url: urls[name], typeDefs: parse(subgraphs[name]) })),
  );
  if (supergraphSdl === undefined) throw new Error(errors.map(String).join('\n'));
  return supergraphSdl;
}
