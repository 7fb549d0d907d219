/** The parts of a task's canonical name `task-hash-agent` (spec mesos-dns, section 4). Pure. */
import { sha1 } from '../core/base/digest.ts';

const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769';
const HASH_LENGTH = 5;

/** First five characters of the z-base-32 form of the SHA-1 of the task id. */
export function hashOfTaskId(taskId: string): string {
  const [a = 0, b = 0, c = 0, d = 0] = sha1(taskId);
  // Five characters are the first 25 bits.
  const bits = (((a << 24) | (b << 16) | (c << 8) | d) >>> 7) & 0x1ff_ffff;
  let text = '';
  for (let at = HASH_LENGTH - 1; at >= 0; at -= 1) text += ALPHABET[(bits >>> (at * 5)) & 31];
  return text;
}

/** What is behind the last dash of an agent id, lower-cased: `s12`. */
export function suffixOfAgentId(agentId: string): string {
  return agentId.slice(agentId.lastIndexOf('-') + 1).toLowerCase();
}
