/** Chronos: runs jobs by time and by dependency on a Mesos cluster. */
export { compileChronosOptions } from './flags.ts';
export { main } from './main.ts';
export { CHRONOS_DEFAULTS, type CompiledChronosOptions } from './options.ts';
export { type Chronos, type ChronosPorts, createChronos } from './server.ts';
