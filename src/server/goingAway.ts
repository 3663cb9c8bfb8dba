/** Why operations are refused, and subscriptions broken off, once the server closes. */
export const GOING_AWAY = {
  message: 'The gateway is shutting down.',
  extensions: { code: 'SERVICE_UNAVAILABLE' },
} as const;
