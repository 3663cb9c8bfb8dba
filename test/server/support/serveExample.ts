import { buildSchema, type GraphQLSchema } from 'graphql';
import { type DestinationStream, pino } from 'pino';
import { type Viewer } from '../../../src/domain/access.js';
import { parseCallbackHosts } from '../../../src/server/callbacks/callbackHosts.js';
import { type Readiness } from '../../../src/server/GatewayInterface.js';
import { type Limits } from '../../../src/server/limits.js';
import { type RunningServer, startServer } from '../../../src/server/startServer.js';

/** A server over a schema of one field for each way in which a field may behave. */
export interface ExampleServer extends RunningServer {
  readonly wsUrl: string;
  /** Lets each `ticks` subscription of the key yield its next number. */
  tick(key: string): void;
  /** How many `ticks` subscriptions run. */
  ticking(): number;
  /** Lets `slow` and `slowly` answer. */
  release(): void;
  /** Resolves when `slow` or `slowly` has been asked, once or twice. */
  readonly asked: Promise<unknown>;
  readonly askedTwice: Promise<unknown>;
  setReadiness(readiness: Readiness): void;
  /** The log's messages so far. */
  readonly logged: readonly { readonly msg: string; readonly err?: { readonly message: string } }[];
}

const SCHEMA = `
  type Query {
    hello(name: String! = "world", times: [Int!]): String!
    self: Query!
    fails: String
    nothing: String!
    viewer: String!
    slow: String!
  }
  type Mutation { slowly: String! }
  type Subscription {
    ticks(key: String!): Int!
    failsAtOnce: Int!
    failsLater: Int!
  }
`;

/** Starts the server in this process, on a port that the system chooses. */
export async function serveExample(
  limits: Partial<Limits> = {},
  callbackHosts: readonly string[] = [],
): Promise<ExampleServer> {
  const wakers = new Map<string, Set<() => void>>();
  const asked = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()] as const;
  let askedTimes = 0;
  const released = Promise.withResolvers<string>();
  const logged: ExampleServer['logged'][number][] = [];
  let readiness: Readiness = { ready: true };

  const ticks = (key: string): AsyncIterableIterator<number> => {
    const waiting = wakers.get(key) ?? new Set();
    wakers.set(key, waiting);
    let wake = Promise.withResolvers<boolean>();
    let count = 0;
    const stir = (): void => wake.resolve(true);
    waiting.add(stir);
    return {
      async next() {
        if (!(await wake.promise)) return { done: true, value: undefined };
        wake = Promise.withResolvers();
        return { done: false, value: (count += 1) };
      },
      return() {
        waiting.delete(stir);
        wake.resolve(false);
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };
  const slow = (): Promise<string> => {
    asked[askedTimes === 0 ? 0 : 1].resolve(undefined);
    askedTimes += 1;
    return released.promise;
  };
  const schema = withResolvers(buildSchema(SCHEMA), {
    Query: {
      hello: (_source, { name }) => `Hello ${String(name)}`,
      self: () => ({}),
      fails: () => {
        throw new Error('secret: the password is 123');
      },
      nothing: () => null,
      viewer: (_source, _args, { user }) => user,
      slow,
    },
    Mutation: { slowly: slow },
  });
  const subscriptions = schema.getSubscriptionType()?.getFields();
  if (subscriptions === undefined) throw new Error('The schema has no subscriptions.');
  subscribeWith(subscriptions['ticks'], ({ key }) => ticks(String(key)));
  subscribeWith(subscriptions['failsAtOnce'], () => {
    throw new Error('secret: at once');
  });
  subscribeWith(subscriptions['failsLater'], async function* () {
    yield await Promise.resolve(1);
    throw new Error('secret: later');
  });

  const stream: DestinationStream = {
    write: (line) => void logged.push(JSON.parse(line) as ExampleServer['logged'][number]),
  };
  const start = await startServer({
    gateway: { schema, createContext: ({ user }: Viewer) => ({ user }), readiness: () => readiness },
    viewer: { user: 'maria', scopes: new Set(['READ']) },
    host: '127.0.0.1',
    port: 0,
    callbackHosts: parseCallbackHosts(callbackHosts.join()) ?? [],
    log: pino({ level: 'info' }, stream),
    limits,
  });
  if (!start.ok) throw new Error(start.message);
  const { server } = start;
  return {
    ...server,
    wsUrl: server.url.replace('http:', 'ws:'),
    tick: (key) => wakers.get(key)?.forEach((wake) => wake()),
    ticking: () => [...wakers.values()].reduce((sum, waiting) => sum + waiting.size, 0),
    release: () => released.resolve('done'),
    asked: asked[0].promise,
    askedTwice: asked[1].promise,
    setReadiness: (next) => (readiness = next),
    logged,
  };
}

type Resolve = (
  source: unknown,
  args: Readonly<Record<string, unknown>>,
  context: { readonly user: string },
) => unknown;
type Field = ReturnType<NonNullable<ReturnType<GraphQLSchema['getQueryType']>>['getFields']>[string];

function withResolvers(schema: GraphQLSchema, resolvers: Record<string, Record<string, Resolve>>): GraphQLSchema {
  for (const [typeName, fields] of Object.entries(resolvers)) {
    const type = schema.getType(typeName);
    if (type === undefined || !('getFields' in type)) throw new Error(`There is no type ${typeName}.`);
    for (const [name, resolve] of Object.entries(fields)) {
      const field = type.getFields()[name];
      if (field === undefined || !('resolve' in field)) throw new Error(`There is no field ${typeName}.${name}.`);
      field.resolve = resolve;
    }
  }
  return schema;
}

function subscribeWith(field: Field | undefined, events: (args: Readonly<Record<string, unknown>>) => unknown): void {
  if (field === undefined) throw new Error('There is no such subscription.');
  field.subscribe = (_source, args: Readonly<Record<string, unknown>>) => events(args);
  field.resolve = (event: unknown) => event;
}
