/** Calls that master and agent answer alike (spec operator-api, sections 7, 8 and 10). */
import type { Approvers } from '../auth/authorizer.ts';
import type { Metrics } from '../base/metrics.ts';
import type { FileEntry, FileRefusal, VirtualFiles } from '../files/virtual-files.ts';
import type * as agent from '../wire/types/mesos.v1.agent.ts';
import type * as master from '../wire/types/mesos.v1.master.ts';
import type { FileInfo } from '../wire/types/mesos.v1.ts';
import type { LoggingLevel } from './globals.ts';
import { versionInfo } from './version.ts';

/** What both have of the two `Call` messages. */
export type CommonCall = Pick<
  agent.Call & master.Call,
  'get_metrics' | 'set_logging_level' | 'list_files' | 'read_file'
> & { readonly type?: string | undefined };

/** Answers fit both `Response` messages. */
export type CommonResponse = Pick<
  agent.Response & master.Response,
  | 'get_health'
  | 'get_flags'
  | 'get_version'
  | 'get_metrics'
  | 'get_logging_level'
  | 'list_files'
  | 'read_file'
> & { readonly type: CommonType };

type CommonType =
  | 'GET_HEALTH'
  | 'GET_FLAGS'
  | 'GET_VERSION'
  | 'GET_METRICS'
  | 'GET_LOGGING_LEVEL'
  | 'LIST_FILES'
  | 'READ_FILE';

export type CommonAnswer =
  | { readonly kind: 'response'; readonly response: CommonResponse }
  | { readonly kind: 'done' }
  | { readonly kind: 'refusal'; readonly status: number; readonly text: string };

export interface CommonSources {
  readonly flags: Readonly<Record<string, string>>;
  readonly metrics: Metrics;
  readonly logging: LoggingLevel;
  readonly files: VirtualFiles;
  readonly approvers: Approvers;
}

/** Calls whose arguments are mandatory; the field has the call's name in lower case. */
const NEED_ARGUMENTS: ReadonlySet<string> = new Set([
  'GET_METRICS',
  'SET_LOGGING_LEVEL',
  'LIST_FILES',
  'READ_FILE',
  'UPDATE_WEIGHTS',
  'RESERVE_RESOURCES',
  'UNRESERVE_RESOURCES',
  'CREATE_VOLUMES',
  'DESTROY_VOLUMES',
  'GROW_VOLUME',
  'SHRINK_VOLUME',
  'UPDATE_MAINTENANCE_SCHEDULE',
  'START_MAINTENANCE',
  'STOP_MAINTENANCE',
  'DRAIN_AGENT',
  'DEACTIVATE_AGENT',
  'REACTIVATE_AGENT',
  'UPDATE_QUOTA',
  'SET_QUOTA',
  'REMOVE_QUOTA',
  'TEARDOWN',
  'MARK_AGENT_GONE',
]);

/** The field a call lacks: its type, or the arguments it needs. */
export function missingField(
  call: object & { readonly type?: string | undefined },
): string | undefined {
  const { type } = call;
  // A type that we do not know is unset; the one that is called UNKNOWN is a type, of no call.
  if (type === undefined) return 'type';
  if (!NEED_ARGUMENTS.has(type)) return undefined;
  const field = type.toLowerCase();
  const isGiven = Object.entries(call).some(
    ([name, value]) => name === field && value !== undefined,
  );
  return isGiven ? undefined : field;
}

const FORBIDDEN: CommonAnswer = { kind: 'refusal', status: 403, text: '403 Forbidden.' };

/** `undefined` when it is none of these calls. */
export async function commonAnswer(
  call: CommonCall,
  sources: CommonSources,
): Promise<CommonAnswer | undefined> {
  switch (call.type) {
    case 'GET_HEALTH':
      return respond({ type: 'GET_HEALTH', get_health: { healthy: true } });
    case 'GET_FLAGS': {
      if (!sources.approvers.approved('view_flags')) return FORBIDDEN;
      const flags = Object.entries(sources.flags).map(([name, value]) => ({ name, value }));
      return respond({ type: 'GET_FLAGS', get_flags: { flags } });
    }
    case 'GET_VERSION':
      return respond({ type: 'GET_VERSION', get_version: { version_info: versionInfo() } });
    case 'GET_METRICS': {
      const values = Object.entries(sources.metrics.snapshot());
      const metrics = values.map(([name, value]) => ({ name, value }));
      return respond({ type: 'GET_METRICS', get_metrics: { metrics } });
    }
    case 'GET_LOGGING_LEVEL': {
      const { level } = sources.logging;
      return respond({ type: 'GET_LOGGING_LEVEL', get_logging_level: { level } });
    }
    case 'SET_LOGGING_LEVEL': {
      const given = call.set_logging_level;
      if (given === undefined) return undefined;
      if (!sources.approvers.approved('set_log_level')) return FORBIDDEN;
      sources.logging.set(given.level, given.duration.nanoseconds / 1e6);
      return { kind: 'done' };
    }
    case 'LIST_FILES':
      return listFiles(sources, call.list_files?.path ?? '');
    case 'READ_FILE':
      return readFile(sources, call.read_file);
    default:
      return undefined;
  }
}

function respond(response: CommonResponse): CommonAnswer {
  return { kind: 'response', response };
}

async function listFiles({ files, approvers }: CommonSources, path: string): Promise<CommonAnswer> {
  const entries = await files.browse(path, approvers);
  if (!entries.ok) return refusal(entries.error);
  const response = { file_infos: entries.value.map(fileInfo) };
  return respond({ type: 'LIST_FILES', list_files: response });
}

function fileInfo(entry: FileEntry): FileInfo {
  const { stats } = entry;
  return {
    path: entry.path,
    nlink: stats.nlink,
    size: stats.size,
    mtime: { nanoseconds: Math.floor(stats.mtimeMs / 1000) * 1e9 },
    mode: stats.mode,
    uid: entry.user,
    gid: entry.group,
  };
}

async function readFile(
  { files, approvers }: CommonSources,
  call: CommonCall['read_file'],
): Promise<CommonAnswer> {
  if (call === undefined) return refusal({ kind: 'unknown' });
  // Offsets are unsigned here: -1 lies behind every end.
  const offset = call.offset < 0 ? Number.MAX_SAFE_INTEGER : call.offset;
  const slice = await files.read(call.path, offset, call.length, approvers);
  if (!slice.ok) return refusal(slice.error);
  const { size, bytes } = slice.value;
  return respond({ type: 'READ_FILE', read_file: { size, data: bytes } });
}

function refusal(refused: FileRefusal): CommonAnswer {
  if (refused.kind === 'bad-request') {
    return { kind: 'refusal', status: 400, text: refused.text };
  }
  return { kind: 'refusal', status: refused.kind === 'forbidden' ? 403 : 404, text: '' };
}
