import { Directive } from 'type-graphql';
import { type Scope } from '../domain/access.js';
import { DEFAULT_PAGE } from './readPageArgs.js';

type FieldDecorator = ReturnType<typeof Directive>;

/**
 * `@requiresScopes` of the published subgraph: with less than one of these sets of scopes the server does nothing, and shows nothing, whoever
 * owns the job. Routers that enforce it refuse the field before they ask; whose job it is only the server knows.
 */
export function RequiresScopes(...sets: readonly (readonly [Scope, ...Scope[]])[]): FieldDecorator {
  return Directive(`@requiresScopes(scopes: ${JSON.stringify(sets)})`);
}

/** Of fields that show jobs and tasks. */
export const RequiresRead = RequiresScopes(['READ'], ['OPERATE']);

/** Of fields that add to a job that is there. */
export const RequiresSubmit = RequiresScopes(['READ', 'SUBMIT'], ['OPERATE']);

/** Of fields that stop, finish or requeue. */
export const RequiresCancel = RequiresScopes(['READ', 'CANCEL'], ['OPERATE']);

/**
 * `@listSize` of the published subgraph: how many items to expect.
 *
 * @param assumedSize - where none of the arguments is given
 * @param slicingArguments - those that say how many; none for a list whose size is only bounded
 * @param sizedFields - the lists of that size, where the field itself is a page
 */
export function ListSize(
  assumedSize: number,
  slicingArguments: readonly string[] = [],
  sizedFields: readonly string[] = [],
): FieldDecorator {
  const parts = [
    `assumedSize: ${assumedSize}`,
    ...(slicingArguments.length > 0 ? [`slicingArguments: ${JSON.stringify(slicingArguments)}`] : []),
    ...(sizedFields.length > 0 ? [`sizedFields: ${JSON.stringify(sizedFields)}`] : []),
    'requireOneSlicingArgument: false',
  ];
  return Directive(`@listSize(${parts.join(', ')})`);
}

/** Of pages that go forward and backward. */
export const Paged = ListSize(DEFAULT_PAGE, ['first', 'last'], ['edges', 'nodes']);

/** Of pages that go forward only. */
export const PagedForward = ListSize(DEFAULT_PAGE, ['first'], ['edges', 'nodes']);

/** `@cost` of the published subgraph, beside 1 for an object and 10 for a mutation, which are the directive's own defaults. */
export function Cost(weight: number): FieldDecorator {
  return Directive(`@cost(weight: ${weight})`);
}
