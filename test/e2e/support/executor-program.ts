/**
 * The custom executor of the recordings as a program: starts, runs with data, echoes one message,
 * is killed, is shut down. Writes what it sees to the journal named by its argument.
 */
export const EXECUTOR_PROGRAM = `
import { writeFileSync } from 'node:fs';
import http from 'node:http';
const journal = process.argv[2];
const steps = [];
const note = (step) => {
  steps.push(step);
  writeFileSync(journal, JSON.stringify(steps));
};
const names = Object.keys(process.env).filter(
  (name) => /^(MESOS_|LIBPROCESS_|PATH$|PWD$)/.test(name));
note({ kind: 'env', env: Object.fromEntries(names.map((name) => [name, process.env[name]])) });
const { MESOS_AGENT_ENDPOINT, MESOS_EXECUTOR_ID, MESOS_FRAMEWORK_ID } = process.env;
const url = 'http://' + MESOS_AGENT_ENDPOINT + '/api/v1/executor';
const ids = { executor_id: { value: MESOS_EXECUTOR_ID }, framework_id: { value: MESOS_FRAMEWORK_ID } };
const headers = { 'Content-Type': 'application/json', Accept: 'application/json' };
const post = (body) =>
  new Promise((resolve, reject) => {
    const options = { method: 'POST', headers, agent: false };
    http.request(url, options, resolve).on('error', reject).end(JSON.stringify(body));
  });
const seen = ({ statusCode, rawHeaders }) => ({
  status: statusCode,
  headers: Object.fromEntries(
    rawHeaders.flatMap((name, at) => (at % 2 ? [] : [[name.toLowerCase(), rawHeaders[at + 1]]]))),
});
const call = async (body) => {
  const request = { ...ids, ...body };
  const response = await post(request);
  let text = '';
  for await (const chunk of response) text += chunk;
  note({ kind: 'call', request, ...seen(response), text });
};
const update = (task_id, state, extra = {}) =>
  call({ type: 'UPDATE', update: { status: {
    task_id, state, source: 'SOURCE_EXECUTOR',
    uuid: Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex').toString('base64'),
    executor_id: ids.executor_id, ...extra } } });
const handle = async (event) => {
  note({ kind: 'event', event });
  switch (event.type) {
    case 'LAUNCH': {
      const { task_id } = event.launch.task;
      await update(task_id, 'TASK_STARTING');
      await update(task_id, 'TASK_RUNNING', { data: 'c29tZSBkYXRh', message: 'running now' });
      return;
    }
    case 'MESSAGE':
      await call({ type: 'MESSAGE', message: { data: 'ZnJvbSBleGVjdXRvcg==' } });
      return;
    case 'KILL':
      await update(event.kill.task_id, 'TASK_KILLED');
      return;
    case 'SHUTDOWN':
      process.exit(0);
  }
};
const response = await post({ ...ids, type: 'SUBSCRIBE', subscribe: {} });
note({ kind: 'subscribe', ...seen(response) });
let buffer = Buffer.alloc(0);
for await (const chunk of response) {
  buffer = Buffer.concat([buffer, chunk]);
  for (;;) {
    const newline = buffer.indexOf(10);
    if (newline === -1) break;
    const end = newline + 1 + Number(buffer.subarray(0, newline).toString());
    if (buffer.length < end) break;
    const event = JSON.parse(buffer.subarray(newline + 1, end).toString());
    buffer = buffer.subarray(end);
    await handle(event);
  }
}
`;
