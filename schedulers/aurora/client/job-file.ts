/** From a configuration file to what is sent: loading, checks, images, tier (spec aurora-client, section 6; spec aurora, section 4). */
import type { Result } from '../../../core/base/result.ts';
import { checkJob } from '../config/job-checks.ts';
import {
  type ConvertedJob,
  convertJob,
  imageReferences,
  typeProblem,
} from '../config/job-configuration.ts';
import {
  bindingOf,
  bindJob,
  jobKeyOf,
  type LoadedConfig,
  loadFile,
  loadJson,
  pickJob,
} from '../config/loader.ts';
import type { StructObject } from '../config/pystachio/objects.ts';
import type { JobConfiguration, TaskConfig } from '../thrift/types.ts';
import type { Arguments } from './arguments.ts';
import type { ClientContext, ErrorTexts } from './context.ts';
import { imageDigests } from './docker-registry.ts';
import { CommandFailure, EXIT } from './failure.ts';
import type { ClusterJobKey } from './job-keys.ts';
import { optionValue } from './verb.ts';

const INVALID = { code: EXIT.invalidConfiguration, message: 'Error loading configuration:' };

export type Bindings = Parameters<typeof bindJob>[1];

/** What the file printed comes out; a file that cannot be read ends the command. */
export function loadConfiguration(
  context: ClientContext,
  path: string,
  isJson: boolean,
  texts: Required<ErrorTexts> = INVALID,
): LoadedConfig {
  const { surroundings } = context.ports;
  const loaded = taken(
    isJson ? loadJson(path, { surroundings }) : loadFile(path, { surroundings }),
    texts,
  );
  for (const line of loaded.printed) context.print(line);
  return loaded;
}

export function bindingsOf(args: Arguments): Bindings {
  return args.texts('--bind').map((text) => optionValue('--bind', bindingOf(text)));
}

/** The job of the key, with all checks that need no server. */
export async function readJob(
  context: ClientContext,
  args: Arguments,
  { key, path }: { readonly key: ClusterJobKey; readonly path: string },
): Promise<ConvertedJob> {
  const bindings = bindingsOf(args);
  const loaded = loadConfiguration(context, path, args.has('--read-json'));
  const jobs = loaded.jobs.map((job) => bindJob(job, bindings));
  const picked = taken(pickJob({ ...loaded, jobs }, key));
  return await checkedJob(context, loaded, picked);
}

export async function checkedJob(
  context: ClientContext,
  { calls }: LoadedConfig,
  picked: StructObject,
): Promise<ConvertedJob> {
  const problem = taken(typeProblem(picked, calls));
  if (problem !== undefined) {
    context.complain(`TypeCheck(FAILED): ${problem}`);
    throw new CommandFailure(INVALID.code, `${INVALID.message} Error in configuration`);
  }
  const images = taken(imageReferences(picked, calls));
  const { cluster } = jobKeyOf(picked, calls);
  const job =
    images.length === 0 ? picked : bindJob(picked, await imageDigests(context, cluster, images));
  const user = context.ports.surroundings.userName();
  const converted = taken(convertJob(job, { user, calls }));
  const { errors, warnings } = checkJob(converted.data);
  for (const warning of warnings) context.complain(warning);
  const [first] = errors;
  if (first !== undefined) throw new CommandFailure(EXIT.died, first);
  return converted;
}

/** The configuration with a tier, which the scheduler names when the file does not. */
export async function withTier(
  context: ClientContext,
  { cluster, configuration }: ConvertedJob,
): Promise<JobConfiguration> {
  const { taskConfig } = configuration;
  if (taskConfig === undefined || taskConfig.tier !== undefined) return configuration;
  const tier = await tierFor(context, cluster, taskConfig);
  return { ...configuration, taskConfig: { ...taskConfig, tier } };
}

async function tierFor(
  context: ClientContext,
  cluster: string,
  { production }: TaskConfig,
): Promise<string | undefined> {
  const { tiers } = await context.ask(cluster, {
    ...{ method: 'getTierConfigs', args: {}, result: 'getTierConfigResult' },
  } as const);
  const isPreemptible = production === true ? 'false' : 'true';
  return tiers.find(
    ({ settings }) =>
      settings.get('preemptible') === isPreemptible && settings.get('revocable') === 'false',
  )?.name;
}

function taken<T>(result: Result<T>, { code, message }: Required<ErrorTexts> = INVALID): T {
  if (result.ok) return result.value;
  throw new CommandFailure(code, `${message} ${result.error}`);
}
