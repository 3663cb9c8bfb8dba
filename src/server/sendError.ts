import { type FastifyReply } from 'fastify';

/** Answers a request that is refused before any operation runs, in the form of a GraphQL result. */
export function sendError(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply.code(status).send({ errors: [{ message, extensions: { code } }] });
}
