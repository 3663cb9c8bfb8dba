import './requireNode.js';
import { writeFileSync } from 'node:fs';
import { printSchema } from 'graphql';
import { buildApiSchema, buildTaskgateSchema } from './graphql/buildTaskgateSchema.js';
import { printSubgraph, printSubgraphWithoutSecurity } from './graphql/printSubgraph.js';

const folder = new URL('../schema/', import.meta.url);
const subgraph = await buildTaskgateSchema();
writeFileSync(new URL('schema.graphql', folder), `${printSchema(await buildApiSchema())}\n`);
writeFileSync(new URL('subgraph.graphql', folder), printSubgraph(subgraph));
writeFileSync(new URL('subgraph-without-security.graphql', folder), printSubgraphWithoutSecurity(subgraph));
