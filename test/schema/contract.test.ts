import { readFile } from 'node:fs/promises';
import { buildSchema, findBreakingChanges, isObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { buildApiSchema } from '../../src/graphql/buildTaskgateSchema.js';

/** What the contract promises and this version does not serve yet. Nothing else may be missing, and nothing here may be served. */
const NOT_SERVED_YET = {
  subscriptions: ['taskFeed'],
  types: [
    'FeedGapReason',
    'SchedulerStatus',
    'SubtaskRangeChange',
    'TaskFeedBookmark',
    'TaskFeedChanges',
    'TaskFeedGap',
    'TaskFeedMessage',
    'TaskFeedSnapshot',
  ],
};

const contract = buildSchema(await readFile('test/contract.graphql', 'utf8'));
const served = await buildApiSchema();

test('the served schema breaks the contract nowhere but in what is not served yet', () => {
  const allowed = [
    ...NOT_SERVED_YET.types.map((name) => ({ type: 'TYPE_REMOVED', description: `${name} was removed.` })),
    ...NOT_SERVED_YET.subscriptions.map((name) => ({
      type: 'FIELD_REMOVED',
      description: `Subscription.${name} was removed.`,
    })),
  ];
  const broken = findBreakingChanges(contract, served).map(({ type, description }) => ({ type, description }));
  const byText = (a: { description: string }, b: { description: string }): number =>
    a.description < b.description ? -1 : 1;
  expect(broken.sort(byText)).toEqual(allowed.sort(byText));
});

test('the contract knows all that is said to be not served yet', () => {
  const subscription = contract.getSubscriptionType();
  expect(NOT_SERVED_YET.types.filter((name) => contract.getType(name) === undefined)).toEqual([]);
  expect(isObjectType(subscription) && Object.keys(subscription.getFields())).toEqual(
    expect.arrayContaining(NOT_SERVED_YET.subscriptions),
  );
});
