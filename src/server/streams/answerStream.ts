import { type FastifyReply, type FastifyRequest } from 'fastify';
import { OperationTypeNode } from 'graphql';
import { type Viewer } from '../../domain/access.js';
import { type ErrorFormatter } from '../ErrorFormatter.js';
import { type GatewayInterface } from '../GatewayInterface.js';
import { type Preparing, prepareRequest } from '../prepareRequest.js';
import { requestParameters } from '../requestParameters.js';
import { sendError } from '../sendError.js';
import { type SharedSubscriptions } from '../SharedSubscriptions.js';
import { eventStream } from './eventStream.js';
import { type HttpStreams } from './HttpStreams.js';
import { namesStream, preferredStream } from './preferredStream.js';

/** What requests are answered with. */
export interface StreamAnswering extends Preparing {
  readonly gateway: GatewayInterface;
  readonly viewer: Viewer;
  readonly subscriptions: SharedSubscriptions;
  readonly streams: HttpStreams;
  readonly errors: ErrorFormatter;
}

/**
 * Answers a GET or POST whose client prefers a stream: subscriptions as server-sent events or multipart, queries and mutations as events.
 *
 * @param accept - the request's `Accept`, or what stands for it
 * @returns null where no stream is asked for, or where the request is malformed: then it is not for here
 */
export function answerStream(
  request: FastifyRequest,
  reply: FastifyReply,
  accept: string | undefined,
  answering: StreamAnswering,
): FastifyReply | Promise<FastifyReply> | null {
  if (!namesStream(accept)) return null;
  const parameters = requestParameters(request);
  const preparation = parameters && prepareRequest(parameters, answering);
  if (parameters === null || preparation === null) return null;
  const type = preparation.ok ? preparation.operation.type : null;
  const format = preferredStream(accept, type === OperationTypeNode.SUBSCRIPTION);
  if (format === null) return null;
  const refusal = request.method === 'GET' ? refuseGet(request, reply, type) : null;
  if (refusal !== null) return refusal;
  const { gateway, viewer, streams, errors } = answering;
  if (!preparation.ok)
    return streams.answer(reply, format, JSON.stringify(errors.formatResult({ errors: preparation.errors })));
  const { operation } = preparation;
  const { variables } = parameters;
  if (type !== OperationTypeNode.SUBSCRIPTION) {
    const execute = async (): Promise<FastifyReply> => {
      const result = await operation.execute({ contextValue: gateway.createContext(viewer), variables });
      return streams.answer(reply, format, JSON.stringify(errors.formatResult(result)));
    };
    return execute();
  }
  const lastEventId = format === eventStream ? request.headers['last-event-id'] : undefined;
  const resumeAfter = typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : undefined;
  const subscribe = async (): Promise<FastifyReply> => {
    const subscribing = await answering.subscriptions.subscribe({ operation, variables, viewer, resumeAfter });
    return subscribing.ok
      ? streams.subscribe(reply, format, subscribing)
      : streams.answer(reply, format, JSON.stringify(errors.formatResult(subscribing.result)));
  };
  return subscribe();
}

/** A page may send requests in the mode no-cors anywhere, and without `Origin`, though it cannot read the answer. */
function refuseGet(
  { headers }: FastifyRequest,
  reply: FastifyReply,
  type: OperationTypeNode | null,
): FastifyReply | null {
  if (headers['sec-fetch-mode'] === 'no-cors')
    return sendError(reply, 403, 'FORBIDDEN', 'No stream is opened for a request in the mode no-cors.');
  if (type !== OperationTypeNode.MUTATION) return null;
  void reply.header('allow', 'POST');
  return sendError(
    reply,
    405,
    'METHOD_NOT_ALLOWED',
    'GET serves queries and subscriptions; mutations are sent by POST.',
  );
}
