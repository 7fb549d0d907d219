/**
 * No instance is killed without a cause: every KILL that Marathon sends must name one, and what the
 * simulation did or saw must bear it out.
 */
import { strict as assert } from 'node:assert';
import type { Instant } from '../../core/base/clock.ts';
import { counts } from '../../schedulers/marathon/machine/instances.ts';
import type { EndCause } from '../../schedulers/marathon/model/end-cause.ts';
import {
  type Instance,
  instanceIdOf,
  isTerminal,
  specIdOfInstance,
} from '../../schedulers/marathon/model/instance.ts';
import type { Marathon } from '../../schedulers/marathon/server.ts';

export class KillCauses {
  /** Deployments that somebody has asked for, by what was seen of them. */
  private readonly deployments = new Set<string>();
  /** Whose tasks somebody wanted to be killed, and when last. */
  private readonly requests = new Map<string, Instant>();
  private readonly removals = new Set<string>();
  /** `host:port` of probes that were not answered well. */
  private readonly sick = new Set<string>();
  private readonly launchTimeoutMs: number;

  constructor(launchTimeoutMs: number) {
    this.launchTimeoutMs = launchTimeoutMs;
  }

  deploymentSeen(id: string): void {
    this.deployments.add(id);
  }

  killRequested(specId: string, now: Instant): void {
    this.requests.set(specId, now);
  }

  removalRequested(specId: string): void {
    this.removals.add(specId);
  }

  probeFailed(url: string): void {
    this.sick.add(new URL(url).host);
  }

  /** A check of it has failed. */
  isSick({ tasks, agent }: Instance): boolean {
    return tasks.some(({ hostPorts }) =>
      hostPorts.some((port) => this.sick.has(`${agent?.host}:${port}`)),
    );
  }

  check(taskId: string, { machine }: Marathon, now: Instant): void {
    const { state } = machine;
    const id = instanceIdOf(taskId);
    assert.ok(id !== undefined, `${taskId} is killed, which is none of ours`);
    const instance = state.instances.get(id);
    if (instance === undefined) {
      const run = state.history.of(specIdOfInstance(id)).find((each) => each.instanceId === id);
      const why = run?.cause ?? run?.condition;
      assert.ok(why !== undefined, `task ${taskId} is killed, of an instance that never ended`);
      return;
    }
    const isPresent = instance.tasks.some((task) => task.id === taskId);
    // A leftover: the master has told its end before, and the instance has gone on.
    if (!isPresent || instance.condition === 'Scheduled' || isTerminal(instance.condition)) return;
    const { endCause } = instance;
    assert.ok(endCause !== undefined, `task ${taskId} is killed without a cause`);
    for (const deployment of state.deployments.keys()) this.deployments.add(deployment);
    const isBorneOut = this.bearsOut(endCause, instance, machine, now);
    assert.ok(isBorneOut, `task ${taskId} is killed for ${JSON.stringify(endCause)}`);
  }

  private bearsOut(
    cause: EndCause,
    instance: Instance,
    { state }: Marathon['machine'],
    now: Instant,
  ): boolean {
    const specId = instance.spec.id;
    switch (cause.by) {
      case 'deployment':
        return this.deployments.has(cause.deploymentId);
      case 'request':
        return (this.requests.get(specId) ?? -Infinity) >= instance.createdAt;
      case 'removed':
        return this.removals.has(specId);
      case 'surplus': {
        const left = state.instances.of(specId).filter(counts).length;
        return left >= (state.spec(specId)?.instances ?? 0);
      }
      case 'health-check':
        return this.isSick(instance);
      case 'overdue-launch':
        return instance.tasks.some(({ stagedAt }) => stagedAt + this.launchTimeoutMs < now);
      case 'unreachable':
        return true;
    }
  }
}
