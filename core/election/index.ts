/** Public entry: who leads. */
export { detectorFor } from './detector.ts';
export type { LeaderContender, LeaderDetector } from './ports.ts';
export { StandaloneContender, standaloneDetector } from './standalone.ts';
export { zooKeeperDetector, zooKeeperElection } from './zookeeper/election.ts';
export { type Member, ZooKeeperGroup } from './zookeeper/group.ts';
export { type LatchHandlers, ZooKeeperLatch } from './zookeeper/latch.ts';
