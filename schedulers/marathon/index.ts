/** Public names of Marathon. */
export { compileMarathonOptions, MARATHON_FLAGS, type MarathonFlags } from './flags.ts';
export { main } from './main.ts';
export type { MarathonOptions } from './options.ts';
export { createMarathon, type Marathon, type MarathonPorts } from './server.ts';
