/** Flags about images, checked (spec agent-runtime, sections 5 and 8.5; flags-and-metrics, section 5). */
import type { DurationMs } from '../../../base/duration.ts';
import { err, ok, type Result } from '../../../base/result.ts';
import { fromJson } from '../../../wire/json.ts';
import type { Image } from '../../../wire/types/mesos.v1.ts';
import type { AppcStoreOptions } from './appc/appc-store.ts';
import type { RegistryPullerOptions } from './docker/registry-puller.ts';

export interface ImageCollection {
  /** Part of the disk that is to be free. */
  readonly headroom: number;
  readonly intervalMs: DurationMs;
  readonly excluded: readonly Image[];
}

export interface ProvisionerOptions {
  readonly workDir: string;
  /** `--image_provisioner_backend`. */
  readonly backend: string | undefined;
  readonly docker?: RegistryPullerOptions & {
    readonly storeDir: string;
    readonly hadoopHome: string | undefined;
  };
  readonly appc?: AppcStoreOptions;
  readonly collection?: ImageCollection;
}

export interface ImageFlagValues {
  readonly image_providers: string | undefined;
  readonly image_provisioner_backend: string | undefined;
  readonly image_gc_config: unknown;
  readonly appc_store_dir: string;
  readonly appc_simple_discovery_uri_prefix: string;
  readonly docker_registry: string;
  readonly docker_store_dir: string;
  readonly docker_config: unknown;
  readonly fetcher_stall_timeout: DurationMs;
  readonly hadoop_home: string | undefined;
}

const FAILED =
  'Failed to create a containerizer: Could not create MesosContainerizer: ' +
  'Failed to create provisioner: Failed to create image stores: ';

/** What the isolation must be for images. */
export interface ImageNeeds {
  readonly isolators: readonly string[];
  readonly launcher: string;
  /** Why there can be none on this machine. */
  readonly refusal: string | undefined;
}

/** Undefined without `--image_providers`. */
export function compileImages(
  flags: ImageFlagValues,
  workDir: string,
  needs: ImageNeeds,
): Result<ProvisionerOptions | undefined> {
  const { image_providers: providers } = flags;
  if (providers === undefined) return ok(undefined);
  const types = providers.split(',').filter((type) => type !== '');
  for (const type of types) {
    if (!['DOCKER', 'APPC'].includes(type.toUpperCase())) {
      return err(`${FAILED}Unknown image type '${type}'`);
    }
  }
  const hasDocker = types.some((type) => type.toUpperCase() === 'DOCKER');
  const hasAppc = types.some((type) => type.toUpperCase() === 'APPC');
  const refused = refusalOf(needs, { hasDocker, hasAppc });
  if (refused !== undefined) return err(refused);
  const collection = collectionOf(flags.image_gc_config);
  if (!collection.ok) return collection;
  const docker = dockerOf(flags);
  if (hasDocker && !docker.ok) return docker;
  const prefix = flags.appc_simple_discovery_uri_prefix;
  if (hasAppc && !/^(http|\/)/.test(prefix)) {
    return err(
      `${FAILED}Failed to create store for image type 'APPC': Failed to create image fetcher: Invalid simple discovery uri prefix: ${prefix}`,
    );
  }
  const { fetcher_stall_timeout: stallTimeoutMs, appc_store_dir: directory } = flags;
  return ok({
    workDir,
    backend: flags.image_provisioner_backend,
    ...(hasDocker && docker.ok ? { docker: docker.value } : {}),
    ...(hasAppc ? { appc: { directory, uriPrefix: prefix, stallTimeoutMs } } : {}),
    ...(collection.value === undefined ? {} : { collection: collection.value }),
  });
}

function refusalOf(
  { isolators, launcher, refusal }: ImageNeeds,
  { hasDocker, hasAppc }: { readonly hasDocker: boolean; readonly hasAppc: boolean },
): string | undefined {
  const what = 'Failed to create a containerizer: Could not create MesosContainerizer: ';
  if (!isolators.includes('filesystem/linux')) {
    return `${what}The 'filesystem/linux' isolator must be enabled for container image support`;
  }
  if (launcher !== 'linux') {
    return `${what}The 'linux' launcher must be used for container image support`;
  }
  if (refusal !== undefined) return `${what}${refusal}`;
  if (hasDocker && !isolators.includes('docker/runtime')) return missingRuntime('Docker');
  return hasAppc && !isolators.includes('appc/runtime') ? missingRuntime('Appc') : undefined;
}

function missingRuntime(kind: string): string {
  return (
    `${kind} runtime isolator has to be specified if '${kind.toUpperCase()}' is included in ` +
    `'image_providers'. Please add '${kind.toLowerCase()}/runtime' to '--isolation' flags`
  );
}

function dockerOf(flags: ImageFlagValues): Result<NonNullable<ProvisionerOptions['docker']>> {
  const registry = flags.docker_registry.replace(/^file:\/\//, '');
  const isKnown = /^(\/|hdfs:\/\/)/.test(registry) || isWeb(registry);
  if (!isKnown) {
    return err(
      `${FAILED}Failed to create store for image type 'DOCKER': Failed to create Docker puller: Failed to parse the default Docker registry: '${flags.docker_registry}' is no URL and no absolute path`,
    );
  }
  return ok({
    registry,
    config: flags.docker_config,
    stallTimeoutMs: flags.fetcher_stall_timeout,
    storeDir: flags.docker_store_dir,
    hadoopHome: flags.hadoop_home,
  });
}

function isWeb(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\//.test(text);
}

function collectionOf(tree: unknown): Result<ImageCollection | undefined> {
  if (tree === undefined) return ok(undefined);
  const config = fromJson('mesos.internal.ImageGcConfig', tree);
  if (!config.ok) return err(`Failed to load flag 'image_gc_config': ${config.error}`);
  const { image_disk_headroom: headroom, image_disk_watch_interval: interval } = config.value;
  if (headroom < 0 || headroom > 1) {
    return err(
      `Invalid value '${headroom}' for image_disk_headroom of --image_gc_config. Must be between 0.0 and 1.0`,
    );
  }
  const excluded = config.value.excluded_images ?? [];
  return ok({ headroom, intervalMs: interval.nanoseconds / 1e6, excluded });
}
