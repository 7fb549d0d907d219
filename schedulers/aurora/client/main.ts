/** `aurora` and `aurora_admin` as programs. */
import { createHttpClient } from '../../../core/net/http-client.ts';
import { ADMIN_VERBS } from './admin/commands.ts';
import { modernWords, NOUNS } from './commands.ts';
import { EXIT, type ExitCode } from './failure.ts';
import type { ClientPorts } from './ports.ts';
import { runNoun, runVerb } from './run-command.ts';
import { systemPorts } from './world.ts';

const CLIENT = { name: 'aurora', userAgent: 'Aurora V2', failureCode: EXIT.unknown };
const ADMIN = { name: 'aurora_admin', userAgent: 'Aurora Admin', failureCode: EXIT.died };

/** Resolves with the exit code. */
export function main(argv: readonly string[]): Promise<ExitCode> {
  return withWorld((ports) => runClient(argv, ports));
}

export function adminMain(argv: readonly string[]): Promise<ExitCode> {
  return withWorld((ports) => runAdmin(argv, ports));
}

export function runClient(argv: readonly string[], ports: ClientPorts): Promise<ExitCode> {
  return runNoun(CLIENT, NOUNS, modernWords(argv), ports);
}

export function runAdmin(argv: readonly string[], ports: ClientPorts): Promise<ExitCode> {
  return runVerb(ADMIN, ADMIN_VERBS, argv, ports);
}

async function withWorld(run: (ports: ClientPorts) => Promise<ExitCode>): Promise<ExitCode> {
  process.once('SIGINT', () => process.exit(EXIT.interrupted));
  const http = createHttpClient();
  try {
    return await run(systemPorts(http));
  } finally {
    await http.close();
  }
}
