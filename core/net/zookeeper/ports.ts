/**
 * What we use of ZooKeeper: requests, one connection to one server as the session rules see it
 * (`client.ts` applies them), and the errors. Implementations of the connection: sockets
 * (`connection.ts`) and the simulated ensemble of `core/testing`.
 */
import type { DurationMs } from '../../base/duration.ts';
import { ClusterError } from '../../base/errors.ts';

export interface ZooKeeperServer {
  readonly host: string;
  readonly port: number;
}

export interface Znode {
  readonly data: Uint8Array;
  readonly version: number;
  /** Id of the session that holds an ephemeral node, in hexadecimal; zeros for others. */
  readonly owner: string;
}

export interface CreateOptions {
  readonly isEphemeral?: boolean;
  /** The server appends a number of ten digits to the name. */
  readonly isSequential?: boolean;
}

export type ZooKeeperOperation =
  | { readonly kind: 'create'; readonly path: string; readonly data: Uint8Array }
  | {
      readonly kind: 'set';
      readonly path: string;
      readonly data: Uint8Array;
      /** Only when the node has it; at least 1. Any version when left out. */
      readonly version?: number;
    }
  | { readonly kind: 'remove'; readonly path: string };

/** Every rejection is a `ClusterError` with a code of `ZooKeeperErrorCode`. */
export interface ZooKeeperRequests {
  /** Gives the path that was made. */
  create(path: string, data: Uint8Array, options?: CreateOptions): Promise<string>;
  get(path: string): Promise<Znode>;
  /** `onChange` is called once, at the next change of the list, while the connection lasts. */
  children(path: string, onChange?: () => void): Promise<readonly string[]>;
  remove(path: string): Promise<void>;
  /** All or nothing. */
  transact(operations: readonly ZooKeeperOperation[]): Promise<void>;
}

export type ZooKeeperErrorCode =
  | 'ZK_AUTH_FAILED'
  | 'ZK_BAD_VERSION'
  /** Nobody knows whether the request was carried out. */
  | 'ZK_CONNECTION_LOST'
  | 'ZK_FAILED'
  | 'ZK_NODE_EXISTS'
  | 'ZK_NOT_EMPTY'
  | 'ZK_NO_AUTH'
  | 'ZK_NO_NODE'
  | 'ZK_SESSION_EXPIRED';

export interface ZooKeeperSession {
  readonly id: Uint8Array;
  readonly password: Uint8Array;
  /** As the server has granted it. */
  readonly timeoutMs: DurationMs;
}

/** Why a connection ended: `lost` leaves the session alive, the others do not. */
export type ZooKeeperEnd = 'lost' | 'expired' | 'auth-failed';

export interface ZooKeeperConnectOptions {
  readonly server: ZooKeeperServer;
  readonly sessionTimeoutMs: DurationMs;
  /** The session to go on with; a new one without it. */
  readonly session: ZooKeeperSession | undefined;
  /** The newest state this client has seen: a server that is behind must not take it. */
  readonly lastZxid: Uint8Array | undefined;
  /** `user:password`, given with the scheme `digest`. */
  readonly credentials: string | undefined;
  onOpen(session: ZooKeeperSession): void;
  /** Anything came from the server. */
  onHeard(): void;
  /** Called exactly once, also when the connection could not be made; requests have failed by then. */
  onClose(why: ZooKeeperEnd): void;
}

export interface ZooKeeperConnection extends ZooKeeperRequests {
  readonly lastZxid: Uint8Array | undefined;
  /** Ends the session at the server, then closes. */
  endSession(): void;
  /** Cuts the connection; `onClose` follows at once. */
  cut(): void;
}

export type ZooKeeperConnect = (options: ZooKeeperConnectOptions) => ZooKeeperConnection;

export function zooKeeperError(code: ZooKeeperErrorCode, what: string): ClusterError {
  const retriable = code === 'ZK_CONNECTION_LOST' || code === 'ZK_SESSION_EXPIRED';
  return new ClusterError(code, `ZooKeeper: ${what}`, { retriable });
}

export function hasCode(thrown: unknown, ...codes: readonly ZooKeeperErrorCode[]): boolean {
  return thrown instanceof ClusterError && codes.some((code) => code === thrown.code);
}

/** Sessions in the form of `Znode.owner`. */
export function sessionText(id: Uint8Array): string {
  return Buffer.from(id).toString('hex');
}
