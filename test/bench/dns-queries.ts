/** The names of the DNS benchmark as questions; who serves them and who asks agree on them here. */
import { hashOfTaskId } from '../../dns/task-hash.ts';

/** Each task has eight names: plain, canonical, both below `slave`, and its port four times. */
export const TASKS = 12_500;
export const AGENTS = 50;

export const TYPE_A = 1;
const TYPE_SRV = 33;

export function allQueries(): readonly Buffer[] {
  const plain = Array.from({ length: TASKS }, (_, at) => `app${at}`);
  const canonical = plain.map((name, at) => `${name}-${hashOfTaskId(`${name}.1`)}-s${at % AGENTS}`);
  const addresses = [...plain, ...canonical].flatMap((name) =>
    ['marathon.mesos', 'marathon.slave.mesos'].map((zone) => query(`${name}.${zone}`, TYPE_A)),
  );
  const services = plain.flatMap((name) =>
    ['marathon.mesos', 'marathon.slave.mesos'].flatMap((zone) =>
      ['_tcp', '_udp'].map((protocol) => query(`_${name}.${protocol}.${zone}`, TYPE_SRV)),
    ),
  );
  // In a fixed disorder: neighbours in the list are far from each other in the server.
  const all = [...addresses, ...services];
  return all.map((_, at) => all[(at * 40_503) % all.length] ?? Buffer.alloc(0));
}

export function query(name: string, type: number): Buffer {
  const header = Buffer.from([0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const labels = name.split('.').flatMap((label) => [Buffer.of(label.length), Buffer.from(label)]);
  return Buffer.concat([header, ...labels, Buffer.of(0, 0, type, 0, 1)]);
}

/** Whether an answer has no record, or an error: the count is at byte 6, the code in byte 3. */
export function isWrong(answer: Buffer): boolean {
  return answer.readUInt16BE(6) === 0 || ((answer[3] ?? 0) & 15) !== 0;
}
