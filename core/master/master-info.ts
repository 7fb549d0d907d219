/** MasterInfo as the original announces it (spec scheduler-api, section 7, SUBSCRIBED). */
import { MESOS_VERSION } from '../base/version.ts';
import type { MessageTransport } from '../net/ports.ts';
import type { MasterInfo } from '../wire/types/mesos.v1.ts';
import type { CompiledMasterOptions } from './options.ts';

export function masterInfo(
  options: Pick<CompiledMasterOptions, 'hostname' | 'machine'>,
  id: string,
  transport: Pick<MessageTransport, 'ip' | 'port'>,
): MasterInfo {
  const { ip, port } = transport;
  return {
    id,
    ip: ipNumber(ip),
    port,
    pid: `master@${ip}:${port}`,
    hostname: options.hostname,
    version: MESOS_VERSION,
    address: { hostname: options.hostname, ip, port },
    ...(options.machine.domain === undefined ? {} : { domain: options.machine.domain }),
    capabilities: [{ type: 'AGENT_UPDATE' }, { type: 'AGENT_DRAINING' }, { type: 'QUOTA_V2' }],
  };
}

/** The bytes of the address as a number of a little-endian machine: 10.0.0.7 is 0x0700000a. */
function ipNumber(ip: string): number {
  const [a = 0, b = 0, c = 0, d = 0] = ip.split('.').map(Number);
  return a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24;
}
