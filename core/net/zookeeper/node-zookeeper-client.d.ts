/** The part of node-zookeeper-client that `connection.ts` uses, inner parts included. */
declare module 'node-zookeeper-client' {
  import type { Socket } from 'node:net';

  interface Stat {
    readonly version: number;
    readonly ephemeralOwner: Buffer;
  }

  interface ManagedConnection {
    sessionId: Buffer;
    sessionPassword: Buffer;
    sessionTimeout: number;
    zxid: Buffer;
    socket: Socket | undefined;
    connectTimeoutHandler: NodeJS.Timeout | null;
    connect(): void;
    findNextServer(callback: (server: { host: string; port: number }) => void): void;
    onSocketConnected(): void;
    onSocketData(buffer: Buffer): void;
    setState(state: number): void;
    on(event: 'state', listener: (state: number) => void): void;
  }

  interface Transaction {
    create(path: string, data: Buffer, acls: readonly ACL[], mode: number): Transaction;
    setData(path: string, data: Buffer, version: number): Transaction;
    remove(path: string, version: number): Transaction;
    commit(callback: (error: Error | null) => void): void;
  }

  interface Client {
    readonly connectionManager: ManagedConnection;
    connect(): void;
    close(): void;
    addAuthInfo(scheme: string, auth: Buffer): void;
    create(
      path: string,
      data: Buffer,
      acls: readonly ACL[],
      mode: number,
      callback: (error: Error | null, path: string) => void,
    ): void;
    getData(
      path: string,
      callback: (error: Error | null, data: Buffer | undefined, stat: Stat) => void,
    ): void;
    getChildren(
      path: string,
      watcher: (() => void) | undefined,
      callback: (error: Error | null, children: string[]) => void,
    ): void;
    remove(path: string, version: number, callback: (error: Error | null) => void): void;
    transaction(): Transaction;
  }

  class ACL {
    constructor(permission: number, id: Id);
    static readonly OPEN_ACL_UNSAFE: readonly ACL[];
  }

  interface Id {
    readonly scheme: string;
    readonly id: string;
  }

  const library: {
    createClient(
      connectionString: string,
      options: {
        sessionTimeout: number;
        spinDelay: number;
        retries: number;
        sessionId?: Buffer;
        sessionPassword?: Buffer;
      },
    ): Client;
    readonly ACL: typeof ACL;
    readonly Id: { readonly ANYONE_ID_UNSAFE: Id; readonly AUTH_IDS: Id };
    readonly Permission: { readonly READ: number; readonly ALL: number };
  };
  export default library;
  export type { ACL, Client, Id };
}
