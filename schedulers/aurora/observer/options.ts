/** Flags of the observer (spec thermos, section 6), with the original's names. */
import { type FlagValues, flag } from '../../../core/base/flags.ts';
import { pathProblem } from './agent-disks.ts';
import type { TaskListOptions } from './task-list.ts';

export const OBSERVER_FLAGS = {
  'mesos-root': flag('path', '/var/lib/mesos', { help: 'Work directory of the agent.' }),
  ip: flag('string', '0.0.0.0', { help: 'Address to listen on.' }),
  port: flag('int', 1338, { help: 'Port to listen on.' }),
  polling_interval_secs: flag('int', 5, { help: 'Seconds between two looks for tasks.' }),
  task_process_collection_interval_secs: flag('int', 20, {
    help: 'Seconds between two samples of processes.',
  }),
  task_disk_collection_interval_secs: flag('int', 60, {
    help: 'Seconds between two measurements of a sandbox.',
  }),
  disable_task_resource_collection: flag('bool', false, { help: 'Samples nothing.' }),
  enable_mesos_disk_collector: flag('bool', false, {
    help: 'Has the agent measure; its isolators have to, and must not ask who is there.',
  }),
  agent_api_url: flag('url', 'http://localhost:5051/containers', {
    help: "The agent's containers.",
  }),
  executor_id_json_path: flag('string', 'executor_id', {
    help: 'Where the id of the executor is in a container.',
    validate: pathProblem('executor_id_json_path'),
  }),
  disk_usage_json_path: flag('string', 'statistics.disk_used_bytes', {
    help: 'Where the bytes are.',
    validate: pathProblem('disk_usage_json_path'),
  }),
} as const;

export interface ObserverOptions {
  readonly ip: string;
  readonly port: number;
  readonly tasks: TaskListOptions;
}

export function compileObserverOptions(flags: FlagValues<typeof OBSERVER_FLAGS>): ObserverOptions {
  return {
    ip: flags.ip,
    port: flags.port,
    tasks: {
      mesosRoot: flags['mesos-root'],
      pollingIntervalMs: flags.polling_interval_secs * 1_000,
      processIntervalMs: flags.task_process_collection_interval_secs * 1_000,
      diskIntervalMs: flags.task_disk_collection_interval_secs * 1_000,
      samplesResources: !flags.disable_task_resource_collection,
      agentDisks: flags.enable_mesos_disk_collector
        ? {
            url: flags.agent_api_url,
            executorIdPath: flags.executor_id_json_path,
            diskUsagePath: flags.disk_usage_json_path,
          }
        : undefined,
    },
  };
}
