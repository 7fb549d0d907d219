/** A framework of a recording, subscribed over a real connection: its stream, calls, one task. */
import assert from 'node:assert/strict';
import type { FrameworkInfo } from '../../../core/wire/types/mesos.v1.ts';
import type { RawStream } from '../operator/raw-stream.ts';
import type { RecordedCluster } from './recorded-cluster.ts';

export interface RecordedTask {
  readonly name: string;
  readonly id: string;
  /** Recorded; becomes that of this run's container. */
  readonly container: string;
}

export class RecordedFramework implements Disposable {
  readonly id: string;
  readonly stream: RawStream;
  private readonly it: RecordedCluster;

  private constructor(it: RecordedCluster, id: string, stream: RawStream) {
    this.it = it;
    this.id = id;
    this.stream = stream;
  }

  /** Under the recorded id; the master takes over one that it does not know. */
  static async subscribe(
    it: RecordedCluster,
    id: string,
    info: FrameworkInfo,
  ): Promise<RecordedFramework> {
    const framework_info = { ...info, id: { value: id } };
    const call = { type: 'SUBSCRIBE', framework_id: { value: id }, subscribe: { framework_info } };
    const framework = new RecordedFramework(it, id, it.subscribe(it.translated(call)));
    await framework.stream.until(3);
    return framework;
  }

  [Symbol.dispose](): void {
    this.stream[Symbol.dispose]();
  }

  get streamId(): string {
    return this.stream.headers.find(([name]) => name === 'Mesos-Stream-Id')?.[1] ?? '';
  }

  async call(body: object): Promise<void> {
    const request = this.it.translated({
      method: 'POST',
      path: '/api/v1/scheduler',
      headers: { 'Content-Type': 'application/json', 'Mesos-Stream-Id': this.streamId },
      body: { framework_id: { value: this.id }, ...body },
    } as const);
    assert.equal((await this.it.ask(request)).status, 202);
  }

  /** Launches on the first offer and acknowledges until the task runs; gives both updates. */
  async launch({ name, id, container }: RecordedTask): Promise<string[]> {
    const offer = JSON.parse(await this.stream.untilTold('"OFFERS"')).offers.offers[0];
    const scalar = (of: string, value: number) => ({ name: of, type: 'SCALAR', scalar: { value } });
    const task = {
      name,
      task_id: { value: id },
      agent_id: offer.agent_id,
      resources: [scalar('cpus', 0.1), scalar('mem', 32)],
      command: { value: 'sleep infinity' },
    };
    const operations = [{ type: 'LAUNCH', launch: { task_infos: [task] } }];
    await this.call({ type: 'ACCEPT', accept: { offer_ids: [offer.id], operations } });
    const updates: string[] = [];
    for (const state of ['TASK_STARTING', 'TASK_RUNNING']) {
      const update = await this.acknowledged(state);
      this.it.learn(
        container,
        JSON.parse(update).update.status.container_status.container_id.value,
      );
      updates.push(update);
    }
    return updates;
  }

  /** The update to this state, acknowledged. */
  async acknowledged(state: string): Promise<string> {
    const update = await this.stream.untilTold(state);
    const { agent_id, task_id, uuid } = JSON.parse(update).update.status;
    await this.call({ type: 'ACKNOWLEDGE', acknowledge: { agent_id, task_id, uuid } });
    return update;
  }
}
