/** How containers without an executor are isolated: by the isolators of those with one. */

import { err, ok, type Result } from '../../base/result.ts';
import type { UserIds } from '../../executor/hosted.ts';
import type { CommandInfo, ContainerInfo, Resource } from '../../wire/types/mesos.v1.ts';
import { type ContainerImages, needsImages } from '../containerizer/container-images.ts';
import type { IsolationOptions } from '../containerizer/isolation-options.ts';
import { createIsolators, type IsolatorSources } from '../containerizer/isolators.ts';
import { IsolationPlanner, type PlannedContainer } from '../containerizer/planner.ts';
import type { ContainerLimits } from '../containerizer/port.ts';
import { unsupportedPart } from '../containerizer/unsupported.ts';

export interface PlannedPlain {
  readonly id: string;
  readonly sandbox: string;
  readonly parentSandbox: string | undefined;
  readonly command: CommandInfo | undefined;
  readonly containerInfo: ContainerInfo | undefined;
  readonly requests: readonly Resource[];
  readonly limits: ContainerLimits;
  readonly user: UserIds | undefined;
  /** Those it needs; undefined where there are no images. */
  readonly images?: ContainerImages | undefined;
  /** It is where its parent is, whatever it asks for. */
  readonly isSession: boolean;
}

/** The error is why such a container cannot be. */
export type ContainerPlans = (wanted: PlannedPlain) => Result<PlannedContainer>;

export function containerPlans(
  options: IsolationOptions,
  sources: IsolatorSources,
): ContainerPlans {
  const planner = new IsolationPlanner(createIsolators(options, sources));
  return (wanted) => {
    const { id, sandbox, parentSandbox, command, requests, limits, user, isSession } = wanted;
    const containerInfo = isSession ? undefined : wanted.containerInfo;
    const refused = refusalOf(containerInfo, options.isolators, wanted);
    if (refused !== undefined) return err(refused);
    const resources = { requests, limits };
    const { sandboxDirectory } = options;
    const planned = planner.plan({
      ...{ id, sandbox, sandboxDirectory, containerInfo, command, resources, user, isSession },
      ...wanted.images,
      ...(parentSandbox === undefined ? {} : { parentSandbox }),
    });
    if (!planned.ok) return planned;
    // What it uses is counted with its parent.
    return isSession ? ok(withoutLimits(planned.value)) : planned;
  };
}

function refusalOf(
  info: ContainerInfo | undefined,
  isolators: readonly string[],
  { images, parentSandbox }: Pick<PlannedPlain, 'images' | 'parentSandbox'>,
): string | undefined {
  if (info === undefined) return undefined;
  if (needsImages(info) && images === undefined) {
    return 'container images are not supported by this agent';
  }
  const sharesParent = (info.volumes ?? []).some(
    ({ source }) => source?.sandbox_path?.type === 'PARENT',
  );
  if (sharesParent && parentSandbox === undefined) {
    return 'PARENT type only works for nested container';
  }
  const part = unsupportedPart(info, isolators);
  return part === undefined ? undefined : `${part} not supported by this agent`;
}

function withoutLimits(planned: PlannedContainer): PlannedContainer {
  if (planned.plan === undefined) return planned;
  return { ...planned, plan: { ...planned.plan, rlimits: [], watches: [] } };
}
