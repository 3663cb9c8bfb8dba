import { type FormattedExecutionResult, GraphQLError, type GraphQLFormattedError, Kind } from 'graphql';
import { type Logger } from 'pino';

const INTERNAL = 'INTERNAL_SERVER_ERROR';

/**
 * Decides what clients learn of an error. One that carries a code was meant for them and passes as it is. All others are bugs
 * or broken I/O: the log gets them whole, the client only INTERNAL_SERVER_ERROR and the place in its document.
 */
export class ErrorFormatter {
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** The error as a client may see it. */
  format(error: GraphQLError): GraphQLFormattedError {
    return this.reformat(error.toJSON(), error);
  }

  /** The same where a library has formatted the error already. */
  reformat(formatted: GraphQLFormattedError, error: unknown): GraphQLFormattedError {
    const code = formatted.extensions?.['code'];
    if (code !== undefined && code !== INTERNAL) return formatted;
    const causes = [...causesOf(error)];
    if (causes.some(isBadVariable))
      return { ...formatted, extensions: { ...formatted.extensions, code: 'BAD_USER_INPUT' } };
    this.#log.error({ err: causes.at(-1), path: formatted.path?.join('.') }, 'an operation failed');
    return {
      message: 'Internal server error',
      ...(formatted.locations && { locations: formatted.locations }),
      ...(formatted.path && { path: formatted.path }),
      extensions: { code: INTERNAL },
    };
  }

  /** A result as a client may see it. */
  formatResult<Data>({
    data,
    errors,
  }: {
    readonly data?: Data | null | undefined;
    readonly errors?: readonly GraphQLError[] | undefined;
  }): FormattedExecutionResult<Data> {
    return {
      ...(errors !== undefined && { errors: errors.map((error) => this.format(error)) }),
      ...(data !== undefined && { data }),
    };
  }

  /** What a client learns of an exception outside any field. */
  internal(error: unknown): GraphQLError {
    this.#log.error({ err: error }, 'an operation failed');
    return new GraphQLError('Internal server error', { extensions: { code: INTERNAL } });
  }
}

function* causesOf(error: unknown): Generator<unknown, void, undefined> {
  for (let cause = error; cause !== undefined; cause = cause instanceof GraphQLError ? cause.originalError : undefined)
    yield cause;
}

/** graphql-js gives these no code: the value of a variable does not fit its type, or is null where an argument must not be. */
function isBadVariable(cause: unknown): boolean {
  if (!(cause instanceof GraphQLError)) return false;
  const kind = cause.nodes?.[0]?.kind;
  return kind === Kind.VARIABLE_DEFINITION || kind === Kind.VARIABLE;
}
