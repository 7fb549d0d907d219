/** Opening the ports of the daemon, and what is said when one cannot be opened. */
import { ClusterError, describeError, errorCode } from '../core/base/errors.ts';

/** The code of the error when a port cannot be opened. */
export const LISTEN_FAILED = 'LISTEN_FAILED';

export interface PortListener {
  /** Gives the port in use; 0 asks the system for a free one. Rejects with the cause of the system. */
  listen(ip: string, port: number): Promise<number>;
  close(): Promise<void>;
}

/** The system knows what is free for UDP, not whether the same number is free for TCP. */
const CHOICES_MAX = 16;

/**
 * Listens with both on one port, so that one number is enough; gives it. With port 0 another one is asked for when
 * somebody else has the number for TCP; a port that is named is taken or refused.
 */
export async function listenOnOnePort(
  udp: PortListener,
  tcp: PortListener,
  ip: string,
  port: number,
): Promise<number> {
  for (let choice = 1; ; choice += 1) {
    const chosen = await namingFailure('failed to setup "udp" server', udp.listen(ip, port));
    try {
      return await tcp.listen(ip, chosen);
    } catch (thrown) {
      const mayAskAgain = port === 0 && choice < CHOICES_MAX && errorCode(thrown) === 'EADDRINUSE';
      if (!mayAskAgain) throw listenFailure('failed to setup "tcp" server', thrown);
      await Promise.all([udp.close(), tcp.close()]);
    }
  }
}

/** The action; when it fails, the error says what it was for. */
export async function namingFailure<T>(what: string, action: Promise<T>): Promise<T> {
  try {
    return await action;
  } catch (thrown) {
    throw listenFailure(what, thrown);
  }
}

function listenFailure(what: string, cause: unknown): ClusterError {
  const message = `${what}: ${describeError(cause)}`;
  return new ClusterError(LISTEN_FAILED, message, { retriable: false, cause });
}
