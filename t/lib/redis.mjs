// The server that tests start: Redis, or what BILLING_REDIS_SERVER names.

export const redisServer = process.env.BILLING_REDIS_SERVER || 'redis-server';

// Its lines for where it listens: in the clear, or over TLS alone.
export const listens = ({ port }, tls) => (tls ? `port 0
tls-port ${port}
tls-cert-file ${tls.cert}
tls-key-file ${tls.key}
tls-ca-cert-file ${tls.ca}
tls-auth-clients no
tls-replication yes` : `port ${port}`);
