/** A job whose task serves HTTP, for tests with Thermos. */
import { userInfo } from 'node:os';
import type { JobConfiguration } from '../../../schedulers/aurora/thrift/types.ts';

/** Nobody else's user: tests need not run as root. */
export const ROLE = userInfo().username;
export const KEY = { role: ROLE, environment: 'prod', name: 'web' };

/** Answers `/health`, and ends when it is asked to; says so in files of its sandbox. */
const SERVER = `
const fs = require('node:fs');
require('node:http').createServer((request, response) => {
  response.end('ok');
  if (request.url !== '/quitquitquit') return;
  fs.writeFileSync('asked', request.method);
  process.exit(0);
}).listen(Number(process.argv[1]));
`;

const PROCESSES = [
  { name: 'prepare', cmdline: 'echo prepared {{mesos.instance}} > prepared; echo to the log' },
  {
    name: 'serve',
    cmdline: `test -f prepared && exec ${process.execPath} -e "$SERVER" {{thermos.ports[health]}}`,
    max_failures: 1,
  },
  { name: 'beat', cmdline: 'echo beat >> beats', daemon: true, ephemeral: true, min_duration: 1 },
  { name: 'tidy', cmdline: 'rm prepared; echo tidied > tidied', final: true },
];

export function webJob(): JobConfiguration {
  const processes = PROCESSES.map((each) => ({
    ...each,
    cmdline: each.cmdline.replace('"$SERVER"', `'${SERVER.replaceAll("'", `'\\''`)}'`),
  }));
  const data = {
    ...{ role: ROLE, environment: 'prod', cluster: 'devcluster', name: 'web', service: true },
    task: {
      name: 'web',
      processes,
      constraints: [{ order: ['prepare', 'serve'] }],
      resources: { cpu: 0.1, ram: 64 * 1024 ** 2, disk: 64 * 1024 ** 2 },
    },
    health_check_config: {
      health_checker: { http: {} },
      initial_interval_secs: 60,
      interval_secs: 0.2,
      timeout_secs: 20,
    },
    lifecycle: { http: { graceful_shutdown_wait_secs: 60 } },
  };
  return {
    key: KEY,
    owner: { user: ROLE },
    cronCollisionPolicy: 'KILL_EXISTING',
    instanceCount: 1,
    taskConfig: {
      job: KEY,
      owner: { user: ROLE },
      isService: true,
      priority: 0,
      maxTaskFailures: 1,
      resources: [{ numCpus: 0.1 }, { ramMb: 64 }, { diskMb: 64 }, { namedPort: 'health' }],
      constraints: [],
      executorConfig: { name: 'AuroraExecutor', data: JSON.stringify(data) },
    },
  };
}
