/** Nodes above nodes. */
import { hasCode, type ZooKeeperRequests } from './ports.ts';

/** Makes a node and those above it, where they are missing. */
export async function createPath(
  client: Pick<ZooKeeperRequests, 'create' | 'get'>,
  path: string,
): Promise<void> {
  const names = path.split('/').slice(1);
  for (let count = 1; count <= names.length; count += 1) {
    const part = `/${names.slice(0, count).join('/')}`;
    try {
      await client.create(part, new Uint8Array());
    } catch (thrown) {
      if (hasCode(thrown, 'ZK_NODE_EXISTS')) continue;
      // Who may not create above the path may still use what is there.
      const isThere = await client.get(part).then(
        () => true,
        () => false,
      );
      if (!isThere) throw thrown;
    }
  }
}
