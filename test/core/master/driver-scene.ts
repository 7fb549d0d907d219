/** A classic driver framework on the scene of the machine: sends requests, collects the old messages. */
import { decodeDriverRequest } from '../../../core/master/driver/decode.ts';
import type { Outgoing } from '../../../core/master/effects.ts';
import type { Upid } from '../../../core/net/ports.ts';
import { encodeMessage } from '../../../core/wire/codec.ts';
import type { FrameworkInfo } from '../../../core/wire/types/mesos.v1.ts';
import type { MessageTypes } from '../../../core/wire/types/messages.ts';
import type { MasterScene } from './machine-builder.ts';

export const DRIVER: Upid = { id: 'scheduler-1', ip: '10.0.2.1', port: 7000 };
export const OTHER_DRIVER: Upid = { id: 'scheduler-2', ip: '10.0.2.2', port: 7000 };

export const DRIVER_INFO: FrameworkInfo = { user: 'app', name: 'classic', failover_timeout: 60 };

export function say<N extends keyof MessageTypes>(
  it: MasterScene,
  from: Upid,
  name: N,
  message: MessageTypes[N],
): void {
  sayBytes(it, from, name, encodeMessage(name, message));
}

export function sayBytes(it: MasterScene, from: Upid, name: string, body: Uint8Array): void {
  const request = decodeDriverRequest(name, body);
  if (request === undefined || !request.ok) throw new Error(`${name} is not a driver's message`);
  it.input({ kind: 'driver', from, request: request.value });
  it.advance(1);
}

/** Registers a framework that has no id yet; gives its id. */
export function registerDriver(it: MasterScene, from = DRIVER, info = DRIVER_INFO): string {
  say(it, from, 'mesos.internal.RegisterFrameworkMessage', { framework: info });
  const [greeting] = heard(it, from, 'FrameworkRegisteredMessage');
  return greeting?.name === 'mesos.internal.FrameworkRegisteredMessage'
    ? greeting.message.framework_id.value
    : '';
}

export function reregisterDriver(
  it: MasterScene,
  id: string,
  options: { readonly from: Upid; readonly failover: boolean },
): void {
  const framework = { ...DRIVER_INFO, id: { value: id } };
  const { from, failover } = options;
  say(it, from, 'mesos.internal.ReregisterFrameworkMessage', { framework, failover });
}

/** Everything that was sent to the driver since the last look; `name` keeps only messages of that name. */
export function heard(it: MasterScene, driver: Upid, name?: string): readonly Outgoing[] {
  const all = it.sentToPid(driver);
  return name === undefined ? all : all.filter((each) => each.name.endsWith(`.${name}`));
}

export function heardNames(it: MasterScene, driver: Upid): readonly string[] {
  return heard(it, driver).map((each) => {
    const name = each.name.replace('mesos.internal.', '');
    return each.name === 'mesos.internal.FrameworkErrorMessage'
      ? `${name}: ${each.message.message}`
      : name;
  });
}
