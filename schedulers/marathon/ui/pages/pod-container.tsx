/** One container of a pod's instance: its figures, its files, and its output as it comes. */
import type { JSX } from 'preact';
import { Facts } from '../../../../core/webui/kit/facts.tsx';
import { Breadcrumb } from '../../../../core/webui/kit/router.tsx';
import { Time } from '../../../../core/webui/kit/times.tsx';
import { HealthDot, podHref } from '../parts.tsx';
import type { ClusterData } from '../source.ts';
import { SandboxOf } from './instance.tsx';
import { ContainerEndpoints } from './pod-instances.tsx';

export interface ContainerPageProps {
  readonly data: ClusterData;
  readonly podId: string;
  readonly taskId: string;
  readonly path: string | null;
}

export function ContainerPage({ data, podId, taskId, path }: ContainerPageProps): JSX.Element {
  const instances = data.pods.find(({ id }) => id === podId)?.pods ?? [];
  const instance = instances.find(({ containers }) => containers.some(({ id }) => id === taskId));
  const container = instance?.containers.find(({ id }) => id === taskId);
  return (
    <>
      <Breadcrumb>
        <a href="#/">Applications</a> / <a href={podHref(podId)}>{podId}</a> / {taskId}
      </Breadcrumb>
      <section class="card">
        <Facts
          facts={[
            ['Container', container?.name],
            ['Status', container?.state ?? 'ended'],
            ['Instance', instance?.id],
            ['Host', instance?.host],
            [
              'Endpoints',
              instance === undefined || container === undefined ? undefined : (
                <ContainerEndpoints host={instance.host} container={container} />
              ),
            ],
            [
              'Health',
              container === undefined ? undefined : <HealthDot health={container.health} />,
            ],
            ['Version', instance?.version],
            ['Since', instance === undefined ? undefined : <Time at={instance.since} />],
          ]}
        />
      </section>
      <SandboxOf taskId={taskId} at={['pod', podId, 'instances', taskId]} path={path} />
    </>
  );
}
