/**
 * The provisioner on a real machine: gets images out of their stores and makes root file systems of them
 * below `<work_dir>/provisioner` (spec agent-runtime, sections 1 and 8.5).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { background } from '../../../base/background.ts';
import type { Clock, Timer } from '../../../base/clock.ts';
import { describeError } from '../../../base/errors.ts';
import type { Log } from '../../../base/log.ts';
import type { Random } from '../../../base/random.ts';
import type { HttpClient } from '../../../net/ports.ts';
import type { Image } from '../../../wire/types/mesos.v1.ts';
import { decodeRecord, encodeRecord } from '../../checkpoint/records.ts';
import { Hands } from '../../fetcher/hands.ts';
import { NodeFiles } from '../../node-files.ts';
import { AppcStore } from './appc/appc-store.ts';
import {
  BACKENDS,
  type BackendName,
  chooseBackend,
  fileSystemOf,
  kernelFileSystems,
  removeRootfs,
} from './backends.ts';
import { ArchivePuller } from './docker/archive-puller.ts';
import { DockerStore } from './docker/docker-store.ts';
import { RegistryPuller } from './docker/registry-puller.ts';
import { usedFraction } from './image-disk.ts';
import { isSharedMount, mountInfo, unmountBelow } from './mount-table.ts';
import type { ProvisionerOptions } from './options.ts';
import type { ProvisionedImage, Provisioner } from './port.ts';
import { type ImageStore, imageError, messageOf } from './store.ts';

export interface ProvisionerPorts {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: Random;
}

const LAYERS_FILE = 'layers';
const LAYERS = 'mesos.slave.ContainerLayers';

export class NodeProvisioner implements Provisioner {
  private readonly options: ProvisionerOptions;
  private readonly ports: ProvisionerPorts;
  private readonly root: string;
  private readonly stores = new Map<Image['type'], ImageStore>();
  private readonly docker: DockerStore | undefined;
  private readonly ending = new AbortController();
  private readonly lock = new PruneLock();
  /** By container; who wants the same waits for it. */
  private readonly destroying = new Map<string, Promise<void>>();
  private backend: BackendName = 'copy';
  private removeErrorCount = 0;
  private timer: Timer | undefined;

  /** Makes the directories; throws a `ClusterError` when they cannot be made. */
  constructor(options: ProvisionerOptions, ports: ProvisionerPorts) {
    this.options = options;
    this.ports = ports;
    const directory = join(options.workDir, 'provisioner');
    mkdirSync(directory, { recursive: true });
    this.root = realpathSync(directory);
    const { signal } = this.ending;
    if (options.docker !== undefined) {
      const { registry, hadoopHome, storeDir } = options.docker;
      const puller = /^(\/|hdfs:)/.test(registry)
        ? new ArchivePuller(registry, hadoopHome)
        : new RegistryPuller(options.docker, ports);
      this.docker = new DockerStore(storeDir, { ...ports, puller, signal });
      this.stores.set('DOCKER', this.docker);
    }
    if (options.appc !== undefined) {
      this.stores.set('APPC', new AppcStore(options.appc, { ...ports, signal }));
    }
  }

  async recover(known: ReadonlySet<string>): Promise<void> {
    const hands = this.hands();
    const kernel = await kernelFileSystems(hands);
    const fileSystem = fileSystemOf(this.root);
    const backend = chooseBackend(this.options.backend, { kernel, fileSystem });
    if (!backend.ok) throw imageError(`${FAILED}${backend.error}`);
    this.backend = backend.value;
    await this.share(hands);
    for (const store of this.stores.values()) await store.recover();
    for (const id of namesIn(join(this.root, 'containers'))) {
      if (!known.has(id)) await this.destroy(id);
    }
    this.armCollector();
  }

  async provision(containerId: string, image: Image): Promise<ProvisionedImage> {
    const store = this.stores.get(image.type);
    if (store === undefined) throw imageError(`Unsupported container image type: ${image.type}`);
    const { backend } = this;
    return await this.lock.using(async () => {
      const { layers, runtime } = await store.get(image, backend);
      const directory = this.directoryOf(containerId);
      const rootfs = join(directory, 'backends', backend, 'rootfses', this.ports.random.uuid());
      await mkdir(directory, { recursive: true });
      this.rememberLayers(directory, layers);
      const { signal } = this.ending;
      await BACKENDS[backend].provision({ layers, rootfs }, signal).catch((thrown: unknown) => {
        throw imageError(`Failed to provision rootfs '${rootfs}': ${messageOf(thrown)}`, thrown);
      });
      return { rootfs, runtime };
    });
  }

  destroy(containerId: string): Promise<void> {
    const running = this.destroying.get(containerId);
    if (running !== undefined) return running;
    const work = this.remove(containerId).finally(() => this.destroying.delete(containerId));
    this.destroying.set(containerId, work);
    return work;
  }

  private async remove(containerId: string): Promise<void> {
    const directory = this.directoryOf(containerId);
    if (!existsSync(directory)) return;
    try {
      for (const child of namesIn(join(directory, 'containers'))) {
        await this.destroy(`${containerId}.${child}`);
      }
      for (const rootfs of rootfsesIn(directory)) {
        await removeRootfs(rootfs, new AbortController().signal);
      }
      await rm(directory, { recursive: true, force: true });
    } catch (thrown) {
      this.removeErrorCount += 1;
      const error = describeError(thrown);
      this.ports.log.error({ containerId, error }, 'root file systems cannot be removed');
    }
  }

  has(containerId: string): boolean {
    return existsSync(this.directoryOf(containerId));
  }

  async prune(excluded: readonly Image[]): Promise<void> {
    const all = [...excluded, ...(this.options.collection?.excluded ?? [])];
    await this.lock.alone(async () => {
      const active = new Set(this.activeLayers(join(this.root, 'containers')));
      for (const store of this.stores.values()) await store.prune(all, active);
    });
  }

  /** Root file systems stay for the next agent; without any, nothing of the machine is changed. */
  async stop(): Promise<void> {
    this.timer?.cancel();
    this.ending.abort(new Error('the agent ends'));
    await Promise.all(this.destroying.values());
    if (namesIn(join(this.root, 'containers')).length > 0) return;
    await unmountBelow(
      new Hands({ user: undefined, signal: new AbortController().signal }),
      this.root,
    );
  }

  metrics(): ReadonlyMap<string, number> {
    const name = 'containerizer/mesos/provisioner/remove_container_errors';
    return new Map([...(this.docker?.metrics() ?? []), [name, this.removeErrorCount]]);
  }

  /**
   * What is unmounted here is to be unmounted in containers that see the host's files too: mounts of their
   * namespaces would keep the root file system of another container alive.
   */
  private async share(hands: Hands): Promise<void> {
    const { root } = this;
    if (isSharedMount(mountInfo(), root)) return;
    await hands.run('mount', ['-n', '--rbind', '--', root, root]);
    for (const how of ['--make-private', '--make-shared'])
      await hands.run('mount', ['-n', how, root]);
  }

  private armCollector(): void {
    const { collection, docker } = this.options;
    if (collection === undefined || docker === undefined) return;
    const { clock, log } = this.ports;
    this.timer = clock.setTimer(collection.intervalMs, () => {
      const used = usedFraction(docker.storeDir);
      if (used > 1 - collection.headroom) background(log, this.prune([]), 'removing unused images');
      this.armCollector();
    });
  }

  private rememberLayers(directory: string, layers: readonly string[]): void {
    // A container may have more images than one: those of its volumes.
    const paths = new Set([...layersIn(join(directory, LAYERS_FILE)), ...layers]);
    const record = encodeRecord(LAYERS, { paths: [...paths] });
    new NodeFiles(directory).write(LAYERS_FILE, record, false);
  }

  private activeLayers(containers: string): readonly string[] {
    return namesIn(containers).flatMap((name) => {
      const directory = join(containers, name);
      const nested = this.activeLayers(join(directory, 'containers'));
      return [...layersIn(join(directory, LAYERS_FILE)), ...nested];
    });
  }

  private directoryOf(containerId: string): string {
    const parts = containerId.split('.').flatMap((part) => ['containers', part]);
    return join(this.root, ...parts);
  }

  private hands(): Hands {
    return new Hands({ user: undefined, signal: this.ending.signal });
  }
}

/**
 * For an agent that has no images any more: what an earlier one has left in its work directory is still
 * removed as it should be. Undefined when there is nothing, or this process may not unmount.
 */
export function imagesLeftIn(workDir: string): ProvisionerOptions | undefined {
  const left = namesIn(join(workDir, 'provisioner', 'containers'));
  const isRoot = process.getuid?.() === 0;
  return left.length === 0 || !isRoot ? undefined : { workDir, backend: undefined };
}

const FAILED =
  'Failed to create a containerizer: Could not create MesosContainerizer: ' +
  'Failed to create provisioner: ';

/** Many may provision at a time; pruning waits for them and they for it. */
class PruneLock {
  private readonly users = new Set<Promise<unknown>>();
  private pruning: Promise<unknown> | undefined;

  async using<T>(act: () => Promise<T>): Promise<T> {
    while (this.pruning !== undefined) await this.pruning;
    const work = act();
    const watched = work.catch(() => {});
    this.users.add(watched);
    try {
      return await work;
    } finally {
      this.users.delete(watched);
    }
  }

  async alone(act: () => Promise<void>): Promise<void> {
    while (this.pruning !== undefined) await this.pruning;
    const work = Promise.all(this.users).then(act);
    this.pruning = work.catch(() => {});
    try {
      await work;
    } finally {
      this.pruning = undefined;
    }
  }
}

function namesIn(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

function rootfsesIn(directory: string): readonly string[] {
  const backends = join(directory, 'backends');
  return namesIn(backends).flatMap((backend) => {
    const rootfses = join(backends, backend, 'rootfses');
    return namesIn(rootfses).map((id) => join(rootfses, id));
  });
}

function layersIn(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  const decoded = decodeRecord(LAYERS, readFileSync(file));
  return decoded.ok ? (decoded.value.paths ?? []) : [];
}
