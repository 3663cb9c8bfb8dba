import { composeServices as composeByHive } from '@theguild/federation-composition';
import { federateSubgraphs as composeByCosmo, ROUTER_COMPATIBILITY_VERSION_ONE } from '@wundergraph/composition';
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { composeGraph, readSubgraphs, type TaskgatePrint } from './support/composeGraph.js';

const urlOf = (name: string): string => `http://${name}.example/graphql`;
const urls = { taskgate: urlOf('taskgate'), accounts: urlOf('accounts'), annotations: urlOf('annotations') };

describe.each<TaskgatePrint>(['subgraph.graphql', 'subgraph-without-security.graphql'])(
  'schema/%s composes',
  (print) => {
    const subgraphs = Object.entries(readSubgraphs({ print })).map(([name, text]) => ({
      name,
      url: urlOf(name),
      document: parse(text),
    }));

    test("with Apollo's library, which rover, GraphOS and @apollo/gateway have", () => {
      expect(composeGraph(urls, { print })).toContain('type Task');
    });

    test("with Hive's library, which Hive's registry and routers have", () => {
      const { errors, supergraphSdl } = composeByHive(
        subgraphs.map(({ name, url, document }) => ({ name, url, typeDefs: document })),
      );
      expect(errors).toBeUndefined();
      expect(supergraphSdl).toContain('type Task');
    });

    test("with Cosmo's library, which wgc and Cosmo's control plane have", () => {
      const result = composeByCosmo({
        subgraphs: subgraphs.map(({ name, url, document }) => ({ name, url, definitions: document })),
        version: ROUTER_COMPATIBILITY_VERSION_ONE,
      });
      expect(result.success ? result.warnings : result.errors).toEqual([]);
    });
  },
);
