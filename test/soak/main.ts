/**
 * `npm run soak [-- --minutes=10] [--seed=1]`: see `soak.ts`. Prints what was done and what the machine held
 * before and after; exit code 1 when a task came to a wrong end or something has leaked.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AgentMachine } from '../e2e/support/agent-machine.ts';
import {
  eventually,
  freePorts,
  removeDirectory,
  startOrrery,
  temporaryDirectory,
} from '../e2e/support/programs.ts';
import { RoleFramework } from '../e2e/support/role-framework.ts';
import { leaks } from './census.ts';
import { GC_DELAY_MS, Soak } from './soak.ts';

const WARM_UP_MS = 60_000;
const NAME = 'soak';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});

async function main(): Promise<number> {
  const directory = await temporaryDirectory(NAME);
  const [masterPort = 0, agentPort = 0] = await freePorts(2);
  process.env['NODE_COMPILE_CACHE'] = join(directory, 'compiled');
  const place = [
    `--port=${masterPort}`,
    `--work_dir=${join(directory, 'master')}`,
    '--agent_ping_timeout=60secs',
  ];
  const master = startOrrery(['master', '--ip=127.0.0.1', ...place]);
  await eventually('the master is ready', () => master.output().includes('READY') || undefined);
  const machine = await AgentMachine.create({
    name: NAME,
    masterPort,
    agentPort,
    resources: '',
    flags: [
      `--gc_delay=${GC_DELAY_MS}ms`,
      '--disk_watch_interval=5secs',
      '--reconfiguration_policy=additive',
      '--isolation=cgroups/cpu,cgroups/mem,filesystem/linux,namespaces/pid',
    ],
  });
  const framework = new RoleFramework(`127.0.0.1:${masterPort}`, NAME);
  const soak = new Soak(Number(values.seed), { machine, framework, masterPid: master.pid });
  try {
    return await run(soak);
  } catch (thrown) {
    process.stdout.write(`${soak.log()}\n`);
    throw thrown;
  } finally {
    soak.stop();
    await framework.stop();
    await machine.remove();
    await master.stop();
    await removeDirectory(directory);
  }
}

async function run(soak: Soak): Promise<number> {
  const print = (text: string): boolean => process.stdout.write(`${text}\n`);
  print(`seed ${values.seed}; repeat with: npm run soak -- --seed=${values.seed}`);
  await soak.start();
  const before = await soak.run(WARM_UP_MS);
  print(`after the warm-up, ${soak.taskCount} tasks: ${JSON.stringify(before)}`);
  const after = await soak.run(Number(values.minutes) * 60_000);
  print(`after ${values.minutes} minutes, ${soak.taskCount} tasks: ${JSON.stringify(after)}`);
  print(JSON.stringify(soak.counts));
  const found = leaks(before, after);
  print(found.length === 0 ? 'nothing has leaked' : `LEAKED ${found.join('; ')}`);
  return found.length === 0 ? 0 : 1;
}

process.exitCode = await main();
