/** What an isolator is: pure functions from flags and messages to data (README.md). */

import type { Result } from '../../base/result.ts';
import type { UserIds } from '../../executor/hosted.ts';
import type { CommandInfo, ContainerInfo, Volume } from '../../wire/types/mesos.v1.ts';
import type { FileWrite, PlanPart, WatchPlan } from './plan.ts';
import type { ContainerResources } from './port.ts';
import type { ProvisionedImage } from './provisioner/port.ts';

/** A container as isolators see it. */
export interface IsolatedContainer {
  /** `root`, or `root.nested`. */
  readonly id: string;
  readonly sandbox: string;
  /** Of a nested container. */
  readonly parentSandbox?: string;
  /** Where a container with a root file system sees its sandbox. */
  readonly sandboxDirectory: string;
  /** Its root file system; undefined: the host's. */
  readonly image?: ProvisionedImage;
  /** Directories of the host for its volumes that are images. */
  readonly imageVolumes?: ReadonlyMap<Volume, string>;
  readonly containerInfo: ContainerInfo | undefined;
  readonly command: CommandInfo | undefined;
  readonly resources: ContainerResources;
  readonly user: UserIds | undefined;
  /** A session is where its parent is. */
  readonly isSession?: boolean;
}

export interface Isolator {
  /** As in `--isolation`. */
  readonly name: string;
  /** The error is the rest of `Failed to launch container: ...`. */
  prepare(container: IsolatedContainer): Result<PlanPart>;
  /** What a new grant changes; nothing for nested containers that share. */
  update?(id: string, resources: ContainerResources): readonly FileWrite[];
  /** What a new grant makes to be watched. */
  watches?(
    container: Pick<IsolatedContainer, 'id' | 'sandbox' | 'resources'>,
  ): readonly WatchPlan[];
}

export function isNested(id: string): boolean {
  return id.includes('.');
}

/** 0 for a container on its own: what lines of a plan name by it is not what those of its parent name. */
export function depthOf(id: string): number {
  return id.split('.').length - 1;
}

export function rootIdOf(id: string): string {
  return id.split('.')[0] ?? id;
}

/** Of `--isolation`: what gives containers networks; there can be one. */
export function isNetworkIsolator(name: string): boolean {
  return name.startsWith('network/') && name !== 'network/ports';
}
