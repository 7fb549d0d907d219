/** What a simulation of Aurora was promised, by the answers that arrived: none of it may be lost. */
import { strict as assert } from 'node:assert';
import type { AuroraMachine } from '../../schedulers/aurora/machine/aurora-machine.ts';
import { keyText } from '../../schedulers/aurora/machine/job-key.ts';
import { QuotaUse } from '../../schedulers/aurora/machine/quota-use.ts';
import type { JobKey } from '../../schedulers/aurora/thrift/types.ts';

/** Configurations of a job's instances, as comparable texts. */
export type Instances = ReadonlyMap<number, string>;

export class AuroraRecord {
  /** Updates whose start was answered with OK, with what was there before. */
  readonly updates = new Map<string, Instances>();
  readonly ends: Record<string, number> = {};
  /** Processors of the quota: the last acknowledged figure, then those asked for without an answer yet. */
  private quotas: number[] = [];
  isCronThere = false;

  count(what: string): void {
    this.ends[what] = (this.ends[what] ?? 0) + 1;
  }

  quotaAsked(cpus: number): void {
    this.quotas.push(cpus);
  }

  quotaAnswered(cpus: number, isTaken: boolean): void {
    const at = this.quotas.lastIndexOf(cpus);
    this.quotas = isTaken ? this.quotas.slice(at) : this.quotas.filter((_, index) => index !== at);
  }

  checkKept(machine: AuroraMachine, role: string, jobs: readonly JobKey[]): void {
    for (const id of this.updates.keys()) {
      assert.ok(machine.state.updates.byId(id) !== undefined, `update ${id} is lost`);
    }
    const { cpus } = new QuotaUse(machine.state, machine.tiers).quotaOf(role);
    assert.ok(this.quotas.includes(cpus), `the quota is ${cpus}, not ${this.quotas.join(' or ')}`);
    for (const job of jobs) {
      assert.ok(machine.state.tasks.ofJob(keyText(job)).length > 0, `${keyText(job)} is lost`);
    }
    assert.equal(machine.state.cronJobs.size, this.isCronThere ? 1 : 0, 'the cron job');
  }
}

/** Those that nobody has told to go. */
export function instancesOf(machine: AuroraMachine, job: JobKey): Instances {
  return new Map(
    machine.state.tasks
      .activeOf(keyText(job))
      .filter(({ status }) => status !== 'KILLING')
      .map(({ assignedTask }) => [
        assignedTask.instanceId,
        machine.state.configText(assignedTask.task),
      ]),
  );
}
