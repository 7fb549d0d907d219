/** For daemons of which there is one on every machine: they give memory up for a little processor time. */
import { setFlagsFromString } from 'node:v8';

/**
 * Keeps the space for new objects at its first size, a megabyte. While modules are loaded it would grow to
 * sixteen, twice, and an idle process never gives that back. Must be called before they are loaded.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
