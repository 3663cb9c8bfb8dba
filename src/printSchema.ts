import './requireNode.js';
import { writeFileSync } from 'node:fs';
import { printSubgraphSchema } from '@apollo/subgraph';
import { printSchema } from 'graphql';
import { buildApiSchema, buildTaskgateSchema } from './graphql/buildTaskgateSchema.js';

const folder = new URL('../schema/', import.meta.url);
writeFileSync(new URL('schema.graphql', folder), `${printSchema(await buildApiSchema())}\n`);
writeFileSync(new URL('subgraph.graphql', folder), `${printSubgraphSchema(await buildTaskgateSchema())}\n`);
