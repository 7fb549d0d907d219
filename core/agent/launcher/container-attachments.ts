/** The networks that a container and its tasks have joined, and the volumes that were mounted for them. */
import type { NetworkInfo } from '../../wire/types/mesos.v1.ts';
import type { NetworkPlan } from '../containerizer/cni/network-plan.ts';
import type { IsolationPlan } from '../containerizer/plan.ts';
import type { DockerVolumesPlan } from '../containerizer/volume-plan.ts';
import { Attachments } from './attachments.ts';
import type { Processes } from './ports.ts';

/** By task; what the container itself has is under the empty name. */
export interface AttachmentsRecord {
  networks?: Record<string, readonly NetworkInfo[]>;
  /** Where volumes are on the host, by their variables. */
  volumes?: Record<string, Readonly<Record<string, string>>>;
}

export class ContainerAttachments {
  private readonly networks: Attachments<NetworkPlan, readonly NetworkInfo[]>;
  private readonly volumes: Attachments<DockerVolumesPlan, Readonly<Record<string, string>>>;

  constructor(record: AttachmentsRecord, { isolation }: Processes, onChanged: () => void) {
    this.networks = new Attachments({
      attach: isolation && ((plan, done) => isolation.attach(plan, done)),
      detach: isolation && ((plan, done) => isolation.detach(plan, done)),
      refusal: 'networks cannot be made here',
      onGot: (name, got) => {
        record.networks = { ...record.networks, [name]: got };
        onChanged();
      },
    });
    this.volumes = new Attachments({
      attach: isolation?.mountVolumes && ((plan, done) => isolation.mountVolumes?.(plan, done)),
      detach: isolation?.unmountVolumes && ((plan, done) => isolation.unmountVolumes?.(plan, done)),
      refusal: 'volumes of Docker cannot be mounted here',
      onGot: (name, got) => {
        record.volumes = { ...record.volumes, [name]: got };
        onChanged();
      },
    });
  }

  /** `done` gets a sentence when something cannot be had; never called when all is given back meanwhile. */
  attach(name: string, plan: IsolationPlan, done: (failure: string | undefined) => void): void {
    this.networks.attach(name, plan.network, (unjoined) => {
      if (unjoined === undefined) this.volumes.attach(name, plan.dockerVolumes, done);
      else done(unjoined);
    });
  }

  detach(name: string, plan: IsolationPlan, done: () => void): void {
    this.volumes.detach(name, plan.dockerVolumes, () => {
      this.networks.detach(name, plan.network, done);
    });
  }
}
