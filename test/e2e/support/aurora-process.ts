/** Aurora's scheduler as a process beside a small cluster, spoken to in Thrift over HTTP. */
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeAnswer,
  encodeCall,
  type ThriftEncoding,
} from '../../../schedulers/aurora/thrift/messages.ts';
import type { MethodArgs, Response } from '../../../schedulers/aurora/thrift/types.ts';
import { eventually, freePorts, http, PROJECT, type Program, startOrrery } from './programs.ts';
import type { Ending, SmallCluster } from './small-cluster.ts';

const TYPES = {
  binary: 'application/vnd.apache.thrift.binary',
  json: 'application/vnd.apache.thrift.json',
} as const;

/** An executor that is no Thermos. */
const EXECUTOR = join(PROJECT, 'test/e2e/support/aurora-executor.ts');

export interface AuroraProcessOptions {
  readonly name?: string;
  readonly flags?: readonly string[];
  /** Words of a shell that the executor becomes. */
  readonly executor?: string;
}

export class AuroraProcess {
  readonly url: string;
  private readonly args: readonly string[];
  private program: Program;

  constructor(url: string, args: readonly string[]) {
    this.url = url;
    this.args = args;
    this.program = startOrrery(args);
  }

  static async start(
    t: Ending,
    cluster: SmallCluster,
    options: AuroraProcessOptions = {},
  ): Promise<AuroraProcess> {
    const { name = 'aurora', flags = [] } = options;
    const [port = 0] = await freePorts(1);
    const executor = join(cluster.directory, 'executor.sh');
    const command = options.executor ?? `${process.execPath} ${EXECUTOR}`;
    // Executors do not inherit it, and load much.
    const cache = process.env['NODE_COMPILE_CACHE'];
    const environment = cache === undefined ? '' : `export NODE_COMPILE_CACHE='${cache}'\n`;
    await writeFile(executor, `#!/bin/sh\n${environment}exec ${command}\n`);
    await chmod(executor, 0o755);
    const aurora = new AuroraProcess(`http://127.0.0.1:${port}`, [
      'aurora-scheduler',
      '-cluster_name=devcluster',
      `-mesos_master_address=127.0.0.1:${cluster.masterPort}`,
      `-native_log_file_path=${join(cluster.directory, name)}`,
      '-ip=127.0.0.1',
      `-http_port=${port}`,
      '-hostname=127.0.0.1',
      `-thermos_executor_path=${executor}`,
      '-thermos_executor_ram=32MB',
      '-max_reschedule_task_delay_on_startup=1ms',
      ...flags,
    ]);
    t.after(() => aurora.die());
    return aurora;
  }

  async serves(): Promise<void> {
    await eventually(
      'the scheduler is registered',
      async () => {
        const { body } = await http('GET', `${this.url}/vars.json`);
        const vars: unknown = body;
        const isThere = typeof vars === 'object' && vars !== null && 'framework_registered' in vars;
        return isThere && vars.framework_registered === 1 ? true : undefined;
      },
      () => this.program.output(),
    );
  }

  /** Whether it leads, by what it tells load balancers. */
  async leads(status: number): Promise<void> {
    await eventually(
      `it answers ${status} about the leader`,
      async () => {
        const answer = await fetch(`${this.url}/leaderhealth`).catch(() => undefined);
        await answer?.text();
        return answer?.status === status ? true : undefined;
      },
      () => this.program.output(),
    );
  }

  async die(): Promise<void> {
    await this.program.stop('SIGKILL');
  }

  /** Dies as by a power cut, and comes again. */
  async crash(): Promise<void> {
    await this.program.stop('SIGKILL');
    this.program = startOrrery(this.args);
  }

  stop(): Promise<number | null> {
    return this.program.stop();
  }

  async call<M extends keyof MethodArgs>(
    method: M,
    args: MethodArgs[M],
    encoding: keyof typeof TYPES & ThriftEncoding = 'binary',
  ): Promise<Response> {
    const answer = await fetch(`${this.url}/api`, {
      method: 'POST',
      headers: { 'content-type': TYPES[encoding], accept: TYPES[encoding] },
      body: new Uint8Array(encodeCall(encoding, { method, seqid: 7, args })),
    });
    assert.equal(answer.headers.get('content-type'), TYPES[encoding]);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const decoded = decodeAnswer(encoding, method, bytes);
    assert.ok(decoded.ok && decoded.value.kind === 'reply', bytes.toString());
    return decoded.value.response;
  }

  /** `instance status: message` of each task. */
  async tasks(): Promise<readonly string[]> {
    const { result } = await this.call('getTasksStatus', { query: {} });
    assert.ok(result !== undefined && 'scheduleStatusResult' in result);
    return result.scheduleStatusResult.tasks.map(({ status, taskEvents, assignedTask }) => {
      const message = taskEvents.at(-1)?.message;
      const text = message === undefined ? '' : `: ${message}`;
      return `${assignedTask.instanceId} ${status}${text}`;
    });
  }

  async become(...expected: readonly string[]): Promise<void> {
    let seen: readonly string[] = [];
    await eventually(
      `the tasks are ${expected.join(', ')}`,
      async () => {
        seen = await this.tasks();
        return seen.join() === expected.join() ? true : undefined;
      },
      () => `${seen.join('\n')}\n${this.program.output()}`,
    );
  }
}
