/** Public entry: who leads. */
export type { LeaderContender, LeaderDetector } from './ports.ts';
export { detectorFor, StandaloneContender, standaloneDetector } from './standalone.ts';
