import { GraphQLScalarType } from 'graphql';
import { type ResolversMap } from 'type-graphql';
import { CancelPreviewObject } from './objects/CancelPreviewObject.js';
import { JobConnection } from './objects/JobConnection.js';
import { JobStateChange, TaskStateChange } from './objects/StateChanges.js';
import { TaskConnection } from './objects/TaskConnection.js';
import { JobResolver } from './resolvers/JobResolver.js';
import { TaskResolver } from './resolvers/TaskResolver.js';

/**
 * Where the fields of object types are methods: on the objects themselves or on a resolver. All other fields are read off the object as they
 * are, without a resolver around them.
 */
const CALLED: Readonly<Record<string, { readonly prototype: object }>> = {
  CancelPreview: CancelPreviewObject,
  Job: JobResolver,
  JobConnection,
  JobStateChange,
  Task: TaskResolver,
  TaskConnection,
  TaskStateChange,
};
const ROOTS: readonly string[] = ['Query', 'Mutation', 'Subscription'];

/** The resolvers without those that only read a field off its object, as type-graphql makes them for every field. */
export function withoutReaders(resolvers: ResolversMap): ResolversMap {
  return Object.fromEntries(
    Object.entries(resolvers).map(([type, ofType]) => {
      if (ROOTS.includes(type) || ofType instanceof GraphQLScalarType) return [type, ofType];
      const isReader = ([name, resolver]: readonly [string, unknown]): boolean =>
        typeof resolver === 'function' && !name.startsWith('__') && !isMethod(CALLED[type], name);
      return [type, Object.fromEntries(Object.entries(ofType).filter((entry) => !isReader(entry)))];
    }),
  );
}

function isMethod(of: { readonly prototype: object } | undefined, name: string): boolean {
  if (of === undefined) return false;
  return typeof Object.getOwnPropertyDescriptor(of.prototype, name)?.value === 'function';
}
