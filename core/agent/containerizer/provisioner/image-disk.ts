/** How full the file system of an image store is. */
import { statfsSync } from 'node:fs';

export function usedFraction(directory: string): number {
  const { blocks, bfree } = statfsSync(directory);
  return blocks === 0 ? 0 : (blocks - bfree) / blocks;
}
