/** Data of all pages: read at the start, after each event, and now and then; and what changes it. */
import { computed, signal } from '@preact/signals';
import { showError, showNotice } from '../../../core/webui/kit/alerts.tsx';
import { Poller } from '../../../core/webui/kit/poll.ts';
import {
  isJson,
  type Json,
  recordIn,
  recordOf,
  recordsIn,
  textOrNone,
} from '../../../core/webui/kit/reading.ts';
import { type RequestOptions, requestJson } from '../../../core/webui/kit/requests.ts';
import {
  type AppRow,
  appRow,
  type DeploymentRow,
  deploymentRow,
  type ListedSpec,
  type QueueEntry,
  queueEntry,
} from './model.ts';
import { type PodRow, podRow } from './pod-model.ts';

/** The page is at `/ui/`; the API beside it. */
export const API = '../v2';

/** Without events, for instance behind a proxy that holds streams back. */
const PACE_MS = 5_000;
/** Events come in bunches: one look for all of them. */
const SETTLE_MS = 250;
const EVENTS_KEPT = 500;

export interface ClusterData {
  readonly apps: readonly AppRow[];
  readonly pods: readonly PodRow[];
  readonly byId: ReadonlyMap<string, ListedSpec>;
  readonly queue: ReadonlyMap<string, QueueEntry>;
  readonly deployments: readonly DeploymentRow[];
}

export const poller = new Poller<ClusterData>(async () => {
  const [apps, statuses, queue, deploying] = await Promise.all([
    requestJson(`${API}/apps`),
    requestJson(`${API}/pods/::status`),
    requestJson(`${API}/queue`),
    requestJson(`${API}/deployments`),
  ]);
  const rows = recordsIn(recordOf(apps), 'apps').map(appRow);
  const deployments = listOf(deploying).map(deploymentRow);
  const pods = listOf(statuses).map((status) => podRow(status, deploymentsOf(status, deployments)));
  return {
    apps: rows,
    pods,
    byId: new Map([...rows, ...pods].map((spec) => [spec.id, spec])),
    queue: new Map(
      recordsIn(recordOf(queue), 'queue').map((json) => [queueEntry(json).id, queueEntry(json)]),
    ),
    deployments,
  };
}, PACE_MS);

function listOf(answer: unknown): readonly Json[] {
  return Array.isArray(answer) ? answer.filter(isJson) : [];
}

/** Those that change the pod of a status document. */
export function deploymentsOf(
  status: Json,
  deployments: readonly DeploymentRow[],
): readonly string[] {
  const podId = textOrNone(status, 'id') ?? '';
  return deployments.filter(({ affected }) => affected.includes(podId)).map(({ id }) => id);
}

export const data = computed(() => poller.value.value);

export interface SeenEvent {
  readonly number: number;
  readonly at: number;
  readonly type: string;
  readonly about: string;
  readonly json: Json;
}

/** Newest first. */
export const events = signal<readonly SeenEvent[]>([]);
/** Counts what has happened, for pages that read more than the lists. */
export const changes = signal(0);
export const isLive = signal(false);

let settling: ReturnType<typeof setTimeout> | undefined;

function settle(): void {
  if (settling !== undefined) return;
  settling = setTimeout(() => {
    settling = undefined;
    changes.value += 1;
    poller.refresh();
  }, SETTLE_MS);
}

const EVENT_TYPES = [
  ...['api_post_event', 'status_update_event', 'framework_message_event', 'subscribe_event'],
  ...['unsubscribe_event', 'add_health_check_event', 'remove_health_check_event'],
  ...['failed_health_check_event', 'health_status_changed_event', 'unhealthy_task_kill_event'],
  ...['unhealthy_instance_kill_event', 'group_change_success', 'group_change_failed'],
  ...['deployment_success', 'deployment_failed', 'deployment_info', 'deployment_step_success'],
  ...['deployment_step_failure', 'app_terminated_event', 'instance_changed_event'],
  ...['unknown_instance_terminated_event', 'instance_health_changed_event'],
  ...['event_stream_attached', 'event_stream_detached', 'scheduler_registered_event'],
  ...['scheduler_reregistered_event', 'scheduler_disconnected_event'],
  ...['pod_created_event', 'pod_updated_event', 'pod_deleted_event', 'health_check_status_event'],
];

let lastNumber = 0;

/** The stream reconnects by itself; whatever it missed the next look shows. */
export function followEvents(): void {
  const stream = new EventSource(`${API}/events?plan-format=light`);
  stream.onopen = () => {
    isLive.value = true;
    settle();
  };
  stream.onerror = () => {
    isLive.value = false;
  };
  for (const type of EVENT_TYPES) {
    stream.addEventListener(type, (message: MessageEvent<string>) => {
      const json = recordOf(JSON.parse(message.data));
      lastNumber += 1;
      const event = { number: lastNumber, at: Date.now(), type, about: aboutOf(json), json };
      events.value = [event, ...events.value].slice(0, EVENTS_KEPT);
      settle();
    });
  }
}

function aboutOf(json: Json): string {
  const plan = recordIn(json, 'plan');
  const names = ['appId', 'runSpecId', 'groupId', 'id', 'uri'] as const;
  return names.map((name) => textOrNone(json, name)).find(Boolean) ?? textOrNone(plan, 'id') ?? '';
}

/** Does it, says that it was done or why not, and looks again. True when it was done. */
export async function act(what: string, path: string, options: RequestOptions): Promise<boolean> {
  try {
    await requestJson(`${API}${path}`, options);
    showNotice(what);
    poller.refresh();
    return true;
  } catch (thrown) {
    showError(thrown);
    return false;
  }
}

export function pathOf(id: string): string {
  return id.split('/').map(encodeURIComponent).join('/');
}
