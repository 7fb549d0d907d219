/** Sources at FTP servers, over basic-ftp; `ftps` is implicit TLS, as with curl. */
import { PassThrough } from 'node:stream';
import { Client } from 'basic-ftp';
import { ClusterError, describeError } from '../../base/errors.ts';
import type { Transfer } from './sources.ts';

const FTP_PORT = 21;
const FTPS_PORT = 990;

export async function* ftpDownload(url: string, transfer: Transfer): AsyncIterable<Uint8Array> {
  const { client, path, release } = await connect(url, transfer);
  const bytes = new PassThrough();
  // The reader learns of a failure through the stream.
  const done = client.downloadTo(bytes, path).then(
    () => bytes.end(),
    (error: unknown) => bytes.destroy(failure(error)),
  );
  try {
    yield* bytes;
    await done;
  } finally {
    release();
  }
}

export async function ftpSize(url: string, transfer: Transfer): Promise<number | undefined> {
  const { client, path, release } = await connect(url, transfer);
  try {
    const size = await client.size(path);
    return size > 0 ? size : undefined;
  } catch (error) {
    throw failure(error);
  } finally {
    release();
  }
}

interface Session {
  readonly client: Client;
  readonly path: string;
  release(): void;
}

async function connect(url: string, { stallTimeoutMs, signal }: Transfer): Promise<Session> {
  signal.throwIfAborted();
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  const isSecure = protocol === 'ftps:';
  const client = new Client(stallTimeoutMs);
  const close = (): void => client.close();
  signal.addEventListener('abort', close, { once: true });
  const release = (): void => {
    signal.removeEventListener('abort', close);
    client.close();
  };
  try {
    await client.access({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (isSecure ? FTPS_PORT : FTP_PORT) : Number(port),
      ...(username === '' ? {} : { user: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      secure: isSecure ? 'implicit' : false,
    });
  } catch (error) {
    release();
    throw failure(error);
  }
  // A path is relative to the directory the server logs one in to, as with curl.
  return { client, path: decodeURIComponent(pathname.slice(1)), release };
}

function failure(error: unknown): ClusterError {
  const text = `Error downloading resource: ${describeError(error)}`;
  return new ClusterError('FETCH', text, { retriable: true, cause: error });
}
