/** Public entry: durable key-value storage. */
export { openLevelStorage } from './level.ts';
export { MemoryStorage } from './memory.ts';
export type { Storage, StorageOperation } from './ports.ts';
export { ZooKeeperStorage } from './zookeeper.ts';
