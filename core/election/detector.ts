/** The detector that the value of a `--master` flag asks for. */
import { ok, type Result } from '../base/result.ts';
import type { ZooKeeperPorts } from '../net/zookeeper/open.ts';
import { isZooKeeperUrl, parseZooKeeperUrl } from '../net/zookeeper/url.ts';
import type { LeaderDetector } from './ports.ts';
import { parseMasterFlag, standaloneDetector } from './standalone.ts';
import { zooKeeperDetector } from './zookeeper/election.ts';

/**
 * `host:port`, a list of which the first leads, or `zk://host:port,.../path`. Nothing is connected
 * before the first watcher.
 */
export function detectorFor(
  masterFlag: string,
  ports: ZooKeeperPorts = {},
): Result<LeaderDetector> {
  if (isZooKeeperUrl(masterFlag)) {
    const url = parseZooKeeperUrl(masterFlag);
    return url.ok ? ok(zooKeeperDetector(url.value, ports)) : url;
  }
  const parsed = parseMasterFlag(masterFlag);
  return parsed.ok ? ok(standaloneDetector(masterFlag)) : parsed;
}
