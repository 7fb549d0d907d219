/** The files of `examples/marathon`, and the life each of them must have on a real cluster. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { at, listAt, textAt } from './json.ts';
import { eventually, http, PROJECT } from './programs.ts';

const FOLDER = join(PROJECT, 'examples/marathon');

/** Apps of these files end by themselves again and again. */
const ENDING = ['crash-loop.json', 'netcat.json'];

type Members = Readonly<Record<string, unknown>>;

export interface Example {
  readonly file: string;
  readonly kind: 'app' | 'group' | 'pod';
  readonly body: Members;
}

export function examplesFor(engine: 'docker' | 'none'): readonly Example[] {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
  return files
    .filter((file) => file.startsWith('docker') === (engine === 'docker'))
    .map((file) => {
      const kind = /-(group|pod)\.json$/.exec(file)?.[1] ?? 'app';
      assert.ok(kind === 'app' || kind === 'group' || kind === 'pod');
      return { file, kind, body: membersOf(JSON.parse(readFileSync(join(FOLDER, file), 'utf8'))) };
    });
}

/** Posts, deploys, upgrades and removes all of them, each step of all at the same time. */
export async function liveThrough(
  marathon: string,
  examples: readonly Example[],
  details: () => string,
  /** Tasks of other apps that run all the time. */
  otherTasks = 0,
): Promise<void> {
  const all = (act: (example: Example) => Promise<void>): Promise<unknown> =>
    Promise.all(examples.map((example) => act(example)));
  const deployed = async (what: string): Promise<void> => {
    let open: unknown;
    let queue = '';
    const probe = async (): Promise<true | undefined> => {
      open = (await http('GET', `${marathon}/v2/deployments`)).body;
      if (Array.isArray(open) && open.length === 0) return true;
      queue = (await http('GET', `${marathon}/v2/queue?embed=lastUnusedOffers`)).text;
      return undefined;
    };
    const told = (): string => `${JSON.stringify(open)}\n${queue}\n${details()}`;
    await eventually(what, probe, told);
  };

  await all(async ({ kind, body, file }) => {
    const answer = await http('POST', `${marathon}/v2/${kind}s`, body);
    assert.equal(answer.status, 201, `${file}: ${answer.text}`);
  });
  await deployed('everything is deployed');
  await all((example) => runsAsWanted(marathon, example, undefined));

  await all(async ({ kind, body, file }) => {
    const url = `${marathon}/v2/${kind}s/${idOf(body)}`;
    const answer = await http('PUT', url, upgraded(kind, body));
    assert.equal(answer.status, 200, `${file}: ${answer.text}`);
  });
  await deployed('everything is upgraded');
  await all((example) => runsAsWanted(marathon, example, 'true'));

  await all(async ({ kind, body, file }) => {
    const answer = await http('DELETE', `${marathon}/v2/${kind}s/${idOf(body)}`);
    assert.equal(answer.status, kind === 'pod' ? 202 : 200, `${file}: ${answer.text}`);
  });
  await deployed('everything is removed');
  const tasks = await http('GET', `${marathon}/v2/tasks`);
  assert.equal(listAt(tasks.body, 'tasks').length, otherTasks, tasks.text);
  const pods = await http('GET', `${marathon}/v2/pods`);
  assert.deepEqual(pods.body, []);
}

async function runsAsWanted(
  marathon: string,
  { kind, body, file }: Example,
  label: string | undefined,
): Promise<void> {
  if (kind === 'pod') {
    // The agent checks the health; the deployment does not wait for it.
    const status = await eventually(`${file} is stable`, async () => {
      const answer = await http('GET', `${marathon}/v2/pods/${idOf(body)}::status`);
      return at(answer.body, 'status') === 'STABLE' ? answer.body : undefined;
    });
    assert.equal(at(status, 'spec', 'labels', 'upgraded'), label, file);
    return;
  }
  for (const id of kind === 'app' ? [idOf(body)] : appIdsOf(body, '')) {
    const { body: shown } = await http('GET', `${marathon}/v2/apps/${id}`);
    assert.equal(at(shown, 'app', 'labels', 'upgraded'), label, file);
    if (ENDING.includes(file)) continue;
    const count = at(shown, 'app', 'instances');
    assert.equal(at(shown, 'app', 'tasksRunning'), count, `${file}: ${JSON.stringify(shown)}`);
  }
}

/** The same with one more label, which no instance can take over while it runs. */
function upgraded(kind: Example['kind'], body: Members): Members {
  if (kind !== 'group')
    return { ...body, labels: { ...membersOf(body['labels']), upgraded: 'true' } };
  return {
    ...body,
    apps: listAt(body, 'apps').map((app) => upgraded('app', membersOf(app))),
    groups: listAt(body, 'groups').map((group) => upgraded('group', membersOf(group))),
  };
}

function appIdsOf(group: Members, base: string): string[] {
  const id = `${base}${idOf(group)}`;
  return [
    ...listAt(group, 'apps').map((app) => `${id}/${idOf(membersOf(app))}`),
    ...listAt(group, 'groups').flatMap((each) => appIdsOf(membersOf(each), `${id}/`)),
  ];
}

function idOf(body: Members): string {
  return textAt(body, 'id').replace(/^\//, '');
}

function membersOf(value: unknown): Members {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
