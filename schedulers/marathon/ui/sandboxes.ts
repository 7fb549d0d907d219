/** Finds sandboxes the way any client can: master, agent, its state (spec operator-api, section 4). */
import {
  numberOrNone,
  recordIn,
  recordOf,
  recordsIn,
  textIn,
  textOrNone,
} from '../../../core/webui/kit/reading.ts';
import { readJsonp, requestJson } from '../../../core/webui/kit/requests.ts';
import { sandboxPath } from '../../../core/webui/kit/sandbox.ts';
import { API } from './source.ts';

export interface Sandbox {
  /** `//host:port` of the agent. */
  readonly agent: string;
  readonly directory: string;
}

/** Throws with a sentence when some part of the way is not there. */
export async function findSandbox(taskId: string): Promise<Sandbox> {
  const info = recordOf(await requestJson(`${API}/info`));
  const master = textOrNone(recordIn(info, 'marathon_config'), 'mesos_leader_ui_url');
  if (master === undefined) throw new Error('Marathon does not know the address of the master.');
  const frameworkId = textIn(info, 'frameworkId');
  const base = master.replace(/\/$/, '');
  const agentId = await agentOf(base, frameworkId, taskId);
  const agents = recordOf(
    await readJsonp(`${base}/slaves?slave_id=${encodeURIComponent(agentId)}`),
  );
  const [agent] = recordsIn(agents, 'slaves').filter((each) => textIn(each, 'id') === agentId);
  if (agent === undefined) throw new Error(`The agent ${agentId} is offline.`);
  const port = numberOrNone(agent, 'port') ?? /:(\d+)$/.exec(textIn(agent, 'pid'))?.[1] ?? 5051;
  const address = `//${textIn(agent, 'hostname')}:${port}`;
  const state = recordOf(await readJsonp(`${address}/slave(1)/state`));
  const directory = sandboxPath(state, { frameworkId, taskId });
  if (directory === undefined) throw new Error('The agent has removed the sandbox.');
  return { agent: address, directory };
}

async function agentOf(master: string, frameworkId: string, taskId: string): Promise<string> {
  const query = new URLSearchParams({ framework_id: frameworkId, task_id: taskId });
  const answer = recordOf(await readJsonp(`${master}/tasks?${query}`));
  const task = recordsIn(answer, 'tasks').find((each) => textIn(each, 'id') === taskId);
  if (task === undefined) throw new Error(`The master does not know ${taskId} any more.`);
  return textIn(task, 'slave_id');
}
