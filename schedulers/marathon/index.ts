/** Public names of Marathon. */
export { compileMarathonOptions, MARATHON_FLAGS, type MarathonFlags } from './flags.ts';
export { main } from './main.ts';
export type { MarathonOptions } from './options.ts';
export type {
  Authenticator,
  Authorizer,
  HttpRequestHandler,
  PluginAnswer,
  PluginRequest,
  RunSpecTaskProcessor,
  RunSpecValidator,
  SchedulerPlugin,
} from './plugins/types.ts';
export { createMarathon, type Marathon, type MarathonPorts } from './server.ts';
