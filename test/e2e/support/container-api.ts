/** The agent's API for containers, and what one of them writes. */
import assert from 'node:assert/strict';
import { decodeMessage } from '../../../core/wire/codec.ts';
import { encodeRecord, RecordDecoder } from '../../../core/wire/recordio.ts';
import { at, listAt, numberAt } from './json.ts';
import { eventually, http, type JsonAnswer } from './programs.ts';
import type { SmallCluster } from './small-cluster.ts';

export class ContainerApi {
  readonly url: string;

  constructor(cluster: SmallCluster) {
    this.url = `${cluster.agentUrl}/api/v1`;
  }

  call(type: string, argument: object = {}): Promise<JsonAnswer> {
    return http('POST', this.url, { type, [type.toLowerCase()]: argument });
  }

  /** `root.child` with a command for the shell. */
  async launch(id: string, command: string, more: object = {}): Promise<void> {
    const launch = { container_id: idOf(id), command: { value: command }, ...more };
    const answer = await this.call('LAUNCH_CONTAINER', launch);
    assert.equal(answer.status, 200, answer.text);
  }

  session(
    id: string,
    command: object,
    more: object = {},
    accept = 'json',
  ): Promise<ContainerSession> {
    const call = {
      type: 'LAUNCH_NESTED_CONTAINER_SESSION',
      launch_nested_container_session: { container_id: idOf(id), command, ...more },
    };
    return ContainerSession.open(this.url, call, accept);
  }

  /** The output of a container that runs already. */
  attach(id: string): Promise<ContainerSession> {
    const attach = { container_id: idOf(id) };
    const call = { type: 'ATTACH_CONTAINER_OUTPUT', attach_container_output: attach };
    return ContainerSession.open(this.url, call, 'json');
  }

  /** Sends records of input one by one. */
  async input(id: string, ios: readonly object[]): Promise<Response> {
    const calls = [
      { type: 'CONTAINER_ID', container_id: idOf(id) },
      ...ios.map((io) => ({ type: 'PROCESS_IO', process_io: io })),
    ];
    const records = calls.map((input) =>
      encodeRecord(
        JSON.stringify({ type: 'ATTACH_CONTAINER_INPUT', attach_container_input: input }),
      ),
    );
    return fetch(this.url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/recordio',
        'Message-Content-Type': 'application/json',
      },
      body: Buffer.concat(records),
    });
  }

  async wait(id: string): Promise<JsonAnswer> {
    return this.call('WAIT_CONTAINER', { container_id: idOf(id) });
  }

  async pidOf(id: string): Promise<number> {
    const show = { show_nested: true, show_standalone: true };
    const answer = await this.call('GET_CONTAINERS', show);
    const found = listAt(answer.body, 'get_containers', 'containers').find(
      (each) => pathOf(at(each, 'container_status', 'container_id')) === id,
    );
    return numberAt(found, 'container_status', 'executor_pid');
  }
}

export class ContainerSession {
  readonly response: Response;
  readonly ended: Promise<void>;
  private readonly client: AbortController;
  private readonly isJson: boolean;
  private readonly texts = { STDOUT: '', STDERR: '' };

  private constructor(response: Response, client: AbortController, isJson: boolean) {
    this.response = response;
    this.client = client;
    this.isJson = isJson;
    this.ended = this.read();
  }

  static async open(url: string, call: object, accept: string): Promise<ContainerSession> {
    const client = new AbortController();
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/recordio',
        'Message-Accept': accept === 'json' ? 'application/json' : 'application/x-protobuf',
      },
      body: JSON.stringify(call),
      signal: client.signal,
    });
    return new ContainerSession(response, client, accept === 'json');
  }

  /** Waits until the output contains the text. */
  async shows(text: string, stream: 'STDOUT' | 'STDERR' = 'STDOUT'): Promise<string> {
    return eventually(
      `output '${text}'`,
      () => (this.texts[stream].includes(text) ? this.texts[stream] : undefined),
      () => JSON.stringify(this.texts),
    );
  }

  /** What has come so far. */
  get output(): string {
    return this.texts.STDOUT;
  }

  abort(): void {
    this.client.abort();
  }

  private async read(): Promise<void> {
    const decoder = new RecordDecoder();
    try {
      for await (const chunk of this.response.body ?? []) {
        for (const record of decoder.push(chunk)) this.take(record);
      }
    } catch {
      // Aborted by the test.
    }
  }

  private take(record: Uint8Array): void {
    if (this.isJson) {
      const io: unknown = JSON.parse(Buffer.from(record).toString('utf8'));
      if (at(io, 'type') === 'CONTROL') return;
      const name = at(io, 'data', 'type') === 'STDERR' ? 'STDERR' : 'STDOUT';
      this.texts[name] += Buffer.from(String(at(io, 'data', 'data')), 'base64').toString('utf8');
      return;
    }
    const io = decodeMessage('mesos.v1.agent.ProcessIO', record);
    assert.ok(io.ok);
    const name = io.value.data?.type === 'STDERR' ? 'STDERR' : 'STDOUT';
    this.texts[name] += Buffer.from(io.value.data?.data ?? []).toString('utf8');
  }
}

export function idOf(path: string): object {
  const [value = '', ...parents] = path.split('.').reverse();
  const parent = parents.reverse().join('.');
  return parent === '' ? { value } : { value, parent: idOf(parent) };
}

function pathOf(id: unknown): string {
  const parent = at(id, 'parent');
  const value = String(at(id, 'value'));
  return parent === undefined ? value : `${pathOf(parent)}.${value}`;
}

export function stdin(text: string): object {
  return { type: 'DATA', data: { type: 'STDIN', data: Buffer.from(text).toString('base64') } };
}
