import { type FastifyReply, type FastifyRequest } from 'fastify';
import { OperationTypeNode } from 'graphql';
import { type Viewer } from '../../domain/access.js';
import { type ErrorFormatter } from '../ErrorFormatter.js';
import { prepareRequest, type Preparing } from '../prepareRequest.js';
import { requestParameters } from '../requestParameters.js';
import { sendError } from '../sendError.js';
import { type SharedSubscriptions, type Subscribing, type SubscriptionRequest } from '../SharedSubscriptions.js';
import { CALLBACK_PROTOCOL } from './CallbackClient.js';
import { type CallbackSubscription } from './CallbackSubscription.js';
import { type CallbackSubscriptions } from './CallbackSubscriptions.js';
import { callbackTarget } from './callbackTarget.js';

/** What requests are answered with. */
export interface CallbackAnswering extends Preparing {
  readonly viewer: Viewer;
  readonly subscriptions: SharedSubscriptions;
  readonly callbacks: CallbackSubscriptions;
  readonly errors: ErrorFormatter;
}

/**
 * Answers a POST that asks for a subscription by Apollo's HTTP callback protocol 1.0: once the URL has said that it expects the subscription, with
 * `{"data":null}`, whereupon results are sent to it.
 *
 * @returns null where no callback is asked for, or where the operation is refused or no subscription: then nothing is sent, and it is not for here
 */
export function answerCallback(
  request: FastifyRequest,
  reply: FastifyReply,
  answering: CallbackAnswering,
): FastifyReply | Promise<FastifyReply> | null {
  const parameters = request.method === 'POST' ? requestParameters(request) : null;
  const reading = parameters && callbackTarget(parameters);
  if (parameters === null || reading === null) return null;
  const preparation = prepareRequest(parameters, answering);
  if (preparation?.ok !== true || preparation.operation.type !== OperationTypeNode.SUBSCRIPTION) return null;
  if (!reading.ok) return sendError(reply, 400, 'BAD_REQUEST', reading.message);
  const opening = answering.callbacks.open(reading.target);
  if (!opening.ok) return sendError(reply, opening.status, opening.code, opening.message);
  const { operation } = preparation;
  const { viewer } = answering;
  return begin(opening.subscription, { operation, variables: parameters.variables, viewer }, reply, answering);
}

/** The URL did not take the check. */
interface NotExpected {
  readonly ok: null;
  readonly reason: string;
}

async function begin(
  subscription: CallbackSubscription,
  request: SubscriptionRequest,
  reply: FastifyReply,
  { subscriptions, errors }: Pick<CallbackAnswering, 'subscriptions' | 'errors'>,
): Promise<FastifyReply> {
  const subscribing = await subscribe(subscription, request, subscriptions);
  if (subscribing.ok !== true) subscription.leave();
  if (subscribing.ok === null) {
    const message = `The callbackUrl did not take the check: ${subscribing.reason}.`;
    void sendError(reply, 400, 'CALLBACK_CHECK_FAILED', message);
  } else if (!subscribing.ok) void reply.send({ data: null, ...errors.formatResult(subscribing.result) });
  else {
    const { start } = subscribing;
    const answered = (): void => {
      subscription.start(start);
      if (!reply.raw.writableFinished) subscription.leave();
    };
    if (reply.raw.destroyed) answered();
    else reply.raw.on('close', answered);
    void reply.header(CALLBACK_PROTOCOL.name, CALLBACK_PROTOCOL.value).send({ data: null });
  }
  return reply;
}

async function subscribe(
  subscription: CallbackSubscription,
  request: SubscriptionRequest,
  subscriptions: SharedSubscriptions,
): Promise<Subscribing | NotExpected> {
  try {
    const checked = await subscription.check();
    switch (checked.kind) {
      case 'TAKEN':
        return await subscriptions.subscribe(request);
      case 'GONE':
        return { ok: null, reason: 'it knows no such subscription' };
      case 'FAILED':
        return { ok: null, reason: checked.reason };
    }
  } catch (error) {
    subscription.leave();
    throw error;
  }
}
