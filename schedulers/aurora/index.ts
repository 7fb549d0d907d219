/** Aurora: services, ad-hoc and cron jobs of many teams on a Mesos cluster. */
export { AURORA_FLAGS, compileAuroraOptions } from './flags.ts';
export { main } from './main.ts';
export type { AuroraOptions } from './options.ts';
export { type Aurora, type AuroraPorts, createAurora } from './server.ts';
