/**
 * What masters write into their znodes, and the older forms (spec ha-and-security, section 1.2):
 *
 *   json.info_0000000007   JSON of MasterInfo
 *   info_0000000007        protobuf MasterInfo, read only
 *   0000000007             the pid as text, master@10.0.0.5:5050, read only
 */
import { err, ok, type Result } from '../../base/result.ts';
import { decodeMessage } from '../../wire/codec.ts';
import { fromJson, parseJson, toJson } from '../../wire/json.ts';
import type { MasterInfo } from '../../wire/types/mesos.v1.ts';
import { parseUpid } from '../../wire/upid.ts';

export const MASTER_LABEL = 'json.info';
export const OLD_LABEL = 'info';

/** Keys in alphabetical order, as the original writes them. */
export function encodeMasterInfo(info: MasterInfo): Uint8Array {
  const tree: unknown = JSON.parse(toJson('mesos.v1.MasterInfo', info));
  return new TextEncoder().encode(JSON.stringify(sorted(tree)));
}

/** Reads the data of a member of the masters' group by its label. */
export function decodeMasterInfo(label: string | undefined, data: Uint8Array): Result<MasterInfo> {
  const text = new TextDecoder().decode(data);
  switch (label) {
    case MASTER_LABEL: {
      const tree = parseJson(text);
      if (!tree.ok) return err(`Failed to parse leading master: ${tree.error}`);
      const info = fromJson('mesos.v1.MasterInfo', tree.value);
      return info.ok ? info : err(`Failed to parse leading master: ${info.error}`);
    }
    case OLD_LABEL: {
      const info = decodeMessage('mesos.v1.MasterInfo', data);
      return info.ok ? info : err(`Failed to parse leading master: ${info.error}`);
    }
    case undefined: {
      const pid = parseUpid(text);
      if (pid === undefined) return err(`Failed to parse leading master: '${text}' is no pid`);
      const { ip, port } = pid;
      return ok({ id: '', ip: 0, port, pid: text, address: { ip, port } });
    }
    default:
      return err(`Failed to parse data of unknown label '${label}'`);
  }
}

function sorted(tree: unknown): unknown {
  if (Array.isArray(tree)) return tree.map(sorted);
  if (typeof tree !== 'object' || tree === null) return tree;
  const entries = Object.entries(tree).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, sorted(value)]));
}
