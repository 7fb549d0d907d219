/**
 * Joins containers to networks by the operator's plugins, and takes them out again (spec agent-runtime,
 * section 8.4). Loaded with the first container that joins one.
 *
 *     <directory>/ns, hosts, hostname, resolv.conf
 *     <directory>/<network>/network.conf, <interface>/network.info
 *
 * A configuration is written before its plugin is called: whoever finds it, calls the plugin again to
 * undo what it may have done.
 */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { describeError } from '../../base/errors.ts';
import {
  configPathOf,
  type InterfacePlan,
  interfacePathOf,
  type NetworkPlan,
  namespacePathOf,
  networkPathOf,
} from '../containerizer/cni/network-plan.ts';
import { findPlugin } from '../containerizer/cni/networks.ts';
import {
  hostsText,
  networkInfoOf,
  type PluginOutput,
  parsePluginOutput,
  resolverText,
} from '../containerizer/cni/plugin-output.ts';
import { childrenOf, readText } from './cgroup-files.ts';
import type { AttachedNetworks } from './ports.ts';
import { runProgram } from './run-program.ts';

export async function attachNetworks(plan: NetworkPlan, clock: Clock): Promise<AttachedNetworks> {
  const { directory, interfaces } = plan;
  try {
    // A launcher that died on the way may have left something.
    await detachNetworks(plan, clock);
    mkdirSync(directory, { recursive: true });
    await makeNamespace(namespacePathOf(directory), clock);
    // All come to an end: nothing is undone while it is still being done.
    const ends = await Promise.allSettled(interfaces.map((each) => attach(plan, each, clock)));
    const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
    if (failures.length > 0) {
      return { ok: false, message: failures.map((each) => describeError(each)).join('\n') };
    }
    const outputs = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
    writeNames(plan, outputs);
    const networks = outputs.map((output, at) => networkInfoOf(interfaces[at]?.info ?? {}, output));
    return { ok: true, got: networks };
  } catch (thrown) {
    return { ok: false, message: describeError(thrown) };
  }
}

/** Throws with a sentence; what could not be undone stays written down. */
export async function detachNetworks(
  { directory, pluginsPath, containerId }: Omit<NetworkPlan, 'interfaces' | 'hostname'>,
  clock: Clock,
): Promise<void> {
  const joined = childrenOf(directory).flatMap((network) =>
    childrenOf(networkPathOf(directory, network)).map((name) => ({ network, name })),
  );
  const namespace = namespacePathOf(directory);
  const isMounted = isMountPoint(namespace);
  const failures: string[] = [];
  for (const { network, name } of joined.reverse()) {
    const config = configPathOf(directory, network);
    const type = pluginTypeOf(readText(config));
    // Nothing was asked of the plugin yet.
    if (type === undefined) continue;
    const plugin = findPlugin(type, pluginsPath);
    if (plugin === undefined) {
      failures.push(
        `Unable to find the plugin ${type} required to detach ${containerId} to network '${network}'`,
      );
      continue;
    }
    const variables = {
      ...{ CNI_COMMAND: 'DEL', CNI_CONTAINERID: containerId, CNI_PATH: pluginsPath },
      CNI_IFNAME: name,
      // After a reboot there is none, but addresses are still taken.
      ...(isMounted ? { CNI_NETNS: namespace } : {}),
    };
    const end = await runProgram([plugin], { variables, input: config, clock });
    if (end.code === 0) {
      rmSync(interfacePathOf(directory, network, name), { recursive: true, force: true });
    } else {
      const said = `stdout='${end.stdout}', stderr='${end.stderr}'`;
      failures.push(
        `The CNI plugin '${plugin}' failed to detach container ${containerId} from CNI network '${network}': ${said}`,
      );
    }
  }
  if (failures.length > 0) throw new Error(failures.join('\n'));
  if (isMounted) await runOrThrow(['umount', namespace], clock);
  rmSync(directory, { recursive: true, force: true });
}

/** Of containers that nobody knows any more. */
export async function detachOrphans(
  root: string,
  { pluginsPath, isOrphan }: { readonly pluginsPath: string; isOrphan(id: string): boolean },
  clock: Clock,
): Promise<void> {
  for (const directory of childrenOf(root).map((each) => `${root}/${each}`)) {
    const containerId = basename(directory);
    if (!isOrphan(containerId)) continue;
    process.stderr.write(`launcher: detaching the orphaned container ${containerId}\n`);
    try {
      await detachNetworks({ directory, pluginsPath, containerId }, clock);
    } catch (thrown) {
      process.stderr.write(`launcher: ${describeError(thrown)}\n`);
    }
  }
}

async function makeNamespace(path: string, clock: Clock): Promise<void> {
  closeSync(openSync(path, 'a'));
  await runOrThrow(['unshare', `--net=${path}`, '--', 'ip', 'link', 'set', 'lo', 'up'], clock);
}

async function attach(
  plan: NetworkPlan,
  { name, network, plugin, config }: InterfacePlan,
  clock: Clock,
): Promise<PluginOutput> {
  const { directory, containerId, pluginsPath } = plan;
  const place = interfacePathOf(directory, network, name);
  mkdirSync(place, { recursive: true });
  const input = configPathOf(directory, network);
  writeFileSync(input, config);
  const variables = {
    ...{ CNI_COMMAND: 'ADD', CNI_CONTAINERID: containerId, CNI_PATH: pluginsPath },
    ...{ CNI_IFNAME: name, CNI_NETNS: namespacePathOf(directory) },
  };
  const { code, stdout, stderr } = await runProgram([plugin], { variables, input, clock });
  if (code !== 0) {
    throw new Error(
      `The CNI plugin '${plugin}' failed to attach container ${containerId} to CNI network ` +
        `'${network}': stdout='${stdout}', stderr='${stderr}'`,
    );
  }
  const output = parsePluginOutput(stdout);
  if (!output.ok) {
    throw new Error(`Failed to parse the output of the CNI plugin '${plugin}': ${output.error}`);
  }
  writeFileSync(`${place}/network.info`, stdout);
  return output.value;
}

function writeNames(
  { directory, hostname, interfaces }: NetworkPlan,
  outputs: readonly PluginOutput[],
): void {
  writeFileSync(`${directory}/hostname`, hostname);
  writeFileSync(`${directory}/hosts`, hostsText(hostname, outputs));
  const joined = outputs.flatMap((output, at) => {
    const plan = interfaces[at];
    return plan === undefined ? [] : [{ plan, output }];
  });
  const resolver = resolverText(joined) ?? readText('/etc/resolv.conf');
  if (resolver !== '') writeFileSync(`${directory}/resolv.conf`, resolver);
}

async function runOrThrow(words: readonly string[], clock: Clock): Promise<void> {
  const { code, stderr } = await runProgram(words, { variables: {}, input: '/dev/null', clock });
  if (code !== 0) {
    throw new Error(
      `Failed to prepare the network namespace: '${words.join(' ')}': ${stderr.trim()}`,
    );
  }
}

function pluginTypeOf(config: string): string | undefined {
  try {
    const tree: unknown = JSON.parse(config);
    const isTyped = typeof tree === 'object' && tree !== null && 'type' in tree;
    return isTyped && typeof tree.type === 'string' ? tree.type : undefined;
  } catch {
    // Cut short: the plugin was not called with it.
    return undefined;
  }
}

function isMountPoint(path: string): boolean {
  const escaped = path.replaceAll(' ', '\\040');
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === escaped);
}
