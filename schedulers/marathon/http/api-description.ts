/** The API described for people and for tools: one table, from which the console and RAML come (spec marathon-rest, section 10). */

export interface EndpointDescription {
  readonly path: string;
  /** By method. */
  readonly calls: Readonly<Record<string, string>>;
  /** Schema of what POST, PUT and PATCH take. */
  readonly body?: string;
}

/** Chapters are files of the RAML; their endpoints stand below one path. */
export const CHAPTERS: Readonly<Record<string, readonly EndpointDescription[]>> = {
  apps: [
    {
      path: '/v2/apps',
      calls: {
        get: 'Lists apps; filters cmd, id and label, more members with embed.',
        post: 'Creates an app.',
        put: 'Creates or changes several apps.',
        patch: 'Changes several apps that exist.',
      },
      body: 'app',
    },
    {
      path: '/v2/apps/{id}',
      calls: {
        get: 'Shows an app with its tasks, deployments and last failure; the id may end with *.',
        put: 'Creates or changes an app; partialUpdate=false replaces it.',
        patch: 'Changes an app that exists.',
        delete: 'Removes an app and ends its tasks.',
      },
      body: 'appUpdate',
    },
    { path: '/v2/apps/{id}/restart', calls: { post: 'Replaces all tasks.' } },
    { path: '/v2/apps/{id}/explain', calls: { get: 'Tells why it does not run.' } },
    { path: '/v2/apps/{id}/history', calls: { get: 'Lists its runs and why they ended.' } },
    { path: '/v2/apps/{id}/versions', calls: { get: 'Lists versions, newest first.' } },
    { path: '/v2/apps/{id}/versions/{version}', calls: { get: 'Shows a version.' } },
    {
      path: '/v2/apps/{id}/tasks',
      calls: { get: 'Lists tasks.', delete: 'Kills tasks, of one host or all; scale, wipe.' },
    },
    { path: '/v2/apps/{id}/tasks/{task}', calls: { delete: 'Kills a task.' } },
  ],
  tasks: [
    { path: '/v2/tasks', calls: { get: 'Lists tasks of all apps, with a status if wanted.' } },
    { path: '/v2/tasks/delete', calls: { post: 'Kills the tasks with the ids; scale, wipe.' } },
  ],
  groups: [
    {
      path: '/v2/groups',
      calls: {
        get: 'Shows all groups.',
        post: 'Creates a group.',
        put: 'Replaces everything there is.',
        delete: 'Removes everything there is.',
      },
      body: 'group',
    },
    {
      path: '/v2/groups/{id}',
      calls: {
        get: 'Shows a group.',
        post: 'Creates a group below it.',
        put: 'Changes a group, scales it, or restores a version of it; dryRun.',
        patch: 'Changes whether its role is enforced.',
        delete: 'Removes a group and all in it.',
      },
      body: 'group',
    },
    { path: '/v2/groups/{id}/apps', calls: { get: 'Lists the apps in it.' } },
    { path: '/v2/groups/{id}/versions', calls: { get: 'Lists versions.' } },
    { path: '/v2/groups/{id}/versions/{version}', calls: { get: 'Shows a version.' } },
  ],
  pods: [
    {
      path: '/v2/pods',
      calls: { get: 'Lists pods.', head: 'Tells that there are pods.', post: 'Creates a pod.' },
      body: 'pod',
    },
    {
      path: '/v2/pods/{id}',
      calls: { get: 'Shows a pod.', put: 'Changes a pod.', delete: 'Removes a pod.' },
      body: 'pod',
    },
    { path: '/v2/pods/::status', calls: { get: 'Lists pods with their instances.' } },
    { path: '/v2/pods/{id}::status', calls: { get: 'Shows a pod with its instances.' } },
    { path: '/v2/pods/{id}::explain', calls: { get: 'Tells why it does not run.' } },
    { path: '/v2/pods/{id}::history', calls: { get: 'Lists its runs and why they ended.' } },
    { path: '/v2/pods/{id}::versions', calls: { get: 'Lists versions.' } },
    { path: '/v2/pods/{id}::versions/{version}', calls: { get: 'Shows a version.' } },
    { path: '/v2/pods/{id}::instances', calls: { delete: 'Kills the instances with the ids.' } },
    { path: '/v2/pods/{id}::instances/{instance}', calls: { delete: 'Kills an instance.' } },
  ],
  deployments: [
    { path: '/v2/deployments', calls: { get: 'Lists deployments under way.' } },
    { path: '/v2/deployments/{id}', calls: { delete: 'Rolls one back; with force, stops it.' } },
  ],
  queue: [
    { path: '/v2/queue', calls: { get: 'Lists what waits for offers, and why.' } },
    { path: '/v2/queue/{id}/delay', calls: { delete: 'Ends the delay of launches.' } },
  ],
  info: [{ path: '/v2/info', calls: { get: 'Shows version and configuration.' } }],
  leader: [
    {
      path: '/v2/leader',
      calls: { get: 'Names the leader.', delete: 'Ends its leading; backup and restore.' },
    },
  ],
  events: [{ path: '/v2/events', calls: { get: 'Streams events; event_type chooses.' } }],
  eventSubscriptions: [
    {
      path: '/v2/eventSubscriptions',
      calls: {
        get: 'Lists addresses that get events.',
        post: 'Adds callbackUrl.',
        delete: 'Removes callbackUrl.',
      },
    },
  ],
  artifacts: [
    { path: '/v2/artifacts', calls: { post: 'Keeps a file under its name.' } },
    {
      path: '/v2/artifacts/{path}',
      calls: {
        get: 'Sends a file.',
        post: 'Keeps a file.',
        put: 'Keeps a file.',
        delete: 'Removes a file.',
      },
    },
  ],
  plugins: [
    { path: '/v2/plugins', calls: { get: 'Lists plugins.' } },
    { path: '/v2/plugins/{id}/{path}', calls: { get: 'Is answered by the plugin.' } },
  ],
  schemas: [{ path: '/v2/schemas/{name}', calls: { get: 'Schema of app, group or pod.' } }],
  system: [
    { path: '/ping', calls: { get: 'Answers pong.' } },
    { path: '/metrics', calls: { get: 'Shows metrics.' } },
    { path: '/metrics/prometheus', calls: { get: 'Shows metrics as Prometheus reads them.' } },
    {
      path: '/logging',
      calls: { get: 'Shows levels of the log.', post: 'Changes a level, for a while if wanted.' },
    },
    { path: '/config', calls: { get: 'Shows flags in effect.' } },
  ],
};

const WRITES: readonly string[] = ['post', 'put', 'patch'];

/** RAML of some endpoints; `types` is where it finds the schemas. */
export function ramlOf(endpoints: readonly EndpointDescription[], types: string): string {
  const lines = endpoints.flatMap(({ path, calls, body }) => [
    `${path}:`,
    ...Object.entries(calls).flatMap(([method, what]) => [
      `  ${method}:`,
      `    description: ${JSON.stringify(what)}`,
      ...(body === undefined || !WRITES.includes(method)
        ? []
        : ['    body:', '      application/json:', `        type: !include ${types}/${body}.json`]),
    ]),
  ]);
  const head = ['#%RAML 1.0', 'title: Marathon', 'version: v2', 'mediaType: application/json'];
  return `${[...head, ...lines].join('\n')}\n`;
}

/** A page that lists everything; what can be asked without parameters is a link. */
export function consolePage(): string {
  const chapters = Object.entries(CHAPTERS).map(
    ([name, endpoints]) =>
      `<h2 id="${name}">${name}</h2>\n<table>\n${endpoints.map(rowsOf).join('')}</table>`,
  );
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><title>Marathon API</title>',
    '<meta name="viewport" content="width=device-width">',
    `<style>${STYLE}</style></head><body><main>`,
    '<h1>Marathon API</h1>',
    '<p>The same as <a href="../public/api/api.raml">RAML</a>. Schemas: ',
    '<a href="../v2/schemas/app">app</a>, <a href="../v2/schemas/group">group</a>, ',
    '<a href="../v2/schemas/pod">pod</a>. The <a href="../ui/">pages</a> use it too.</p>',
    ...chapters,
    '</main></body></html>',
  ].join('\n');
}

const STYLE =
  ':root{color-scheme:light dark;font-family:system-ui,sans-serif}main{max-width:70rem;margin:auto;padding:1rem}' +
  'td{padding:.2rem .8rem .2rem 0;vertical-align:top}td:first-child{text-transform:uppercase;font-weight:600}';

function rowsOf({ path, calls }: EndpointDescription): string {
  return Object.entries(calls)
    .map(([method, what]) => {
      const isLink = method === 'get' && !path.includes('{') && path !== '/v2/events';
      const shown = isLink ? `<a href="..${path}">${path}</a>` : path;
      return `<tr><td>${method}</td><td><code>${shown}</code></td><td>${what}</td></tr>\n`;
    })
    .join('');
}
