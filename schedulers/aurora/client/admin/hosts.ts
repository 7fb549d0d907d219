/** Hosts in and out of service: `host_deactivate`, `host_activate`, `host_status`. */
import type { Arguments } from '../arguments.ts';
import type { ClientContext } from '../context.ts';
import { CommandFailure, EXIT, type ExitCode } from '../failure.ts';
import { readText } from '../ports.ts';
import type { Verb } from '../verb.ts';
import { CLUSTER, FILENAME, HOSTS } from './rows.ts';

/** Names from the options; at least one. */
export function hostsIn(context: ClientContext, args: Arguments): readonly string[] {
  const [list, path] = [args.optional('--hosts'), args.optional('--filename')];
  if ((list === undefined) === (path === undefined)) {
    throw new CommandFailure(EXIT.died, 'Please specify either --filename or --hosts');
  }
  const hosts = hostNames(context, list, path);
  if (hosts.length === 0) throw new CommandFailure(EXIT.died, 'No valid hosts found.');
  return hosts;
}

/** Each once, in the order given. */
export function hostNames(
  context: ClientContext,
  list: string | undefined,
  path: string | undefined,
): readonly string[] {
  const text = path === undefined ? (list ?? '') : readText(context.ports, path);
  if (text === undefined) throw new CommandFailure(EXIT.died, `${path} cannot be read`);
  const names = text.split(/[,\n]/).map((each) => each.trim());
  return [...new Set(names.filter((each) => each !== ''))];
}

const OPTIONS = [HOSTS, FILENAME];

const DEACTIVATE: Verb = {
  name: 'host_deactivate',
  help: 'Puts hosts into maintenance mode: they get tasks only when there is no other host',
  options: OPTIONS,
  positionals: [CLUSTER],
  run: async (context, args) => {
    const { statuses } = await context.ask(args.text('cluster'), {
      method: 'startMaintenance',
      args: { hosts: { hostNames: hostsIn(context, args) } },
      result: 'startMaintenanceResult',
    });
    return tellUnknown(context, args, statuses);
  },
};

const ACTIVATE: Verb = {
  name: 'host_activate',
  help: 'Removes maintenance mode from hosts',
  options: OPTIONS,
  positionals: [CLUSTER],
  run: async (context, args) => {
    await context.call(args.text('cluster'), 'endMaintenance', {
      hosts: { hostNames: hostsIn(context, args) },
    });
    return EXIT.ok;
  },
};

const STATUS: Verb = {
  name: 'host_status',
  help: 'Prints the maintenance mode of hosts',
  options: OPTIONS,
  positionals: [CLUSTER],
  run: async (context, args) => {
    const { statuses } = await context.ask(args.text('cluster'), {
      method: 'maintenanceStatus',
      args: { hosts: { hostNames: hostsIn(context, args) } },
      result: 'maintenanceStatusResult',
    });
    for (const { host, mode } of statuses) context.print(`${host} is in state: ${mode}`);
    return tellUnknown(context, args, statuses);
  },
};

export const HOST_VERBS: readonly Verb[] = [DEACTIVATE, ACTIVATE, STATUS];

function tellUnknown(
  context: ClientContext,
  args: Arguments,
  statuses: readonly { readonly host: string }[],
): ExitCode {
  const known = new Set(statuses.map(({ host }) => host));
  const missing = hostsIn(context, args).filter((host) => !known.has(host));
  if (missing.length === 0) return EXIT.ok;
  throw new CommandFailure(EXIT.died, `The scheduler does not know: ${missing.join(', ')}`);
}
