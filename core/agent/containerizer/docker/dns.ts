/** `--default_container_dns` for Docker containers (spec agent-runtime, section 8.4). */
import type { ContainerDNSInfo } from '../../../wire/types/mesos.internal.ts';
import type { ContainerInfoDockerInfo } from '../../../wire/types/mesos.v1.ts';

const DNS_PARAMETERS: ReadonlySet<string> = new Set(['dns', 'dns-search', 'dns-opt', 'dns-option']);

/** A task that says anything about DNS itself gets nothing of ours. */
export function dnsArguments(
  defaults: ContainerDNSInfo | undefined,
  docker: ContainerInfoDockerInfo,
  network: string,
): readonly string[] {
  const saysItself = (docker.parameters ?? []).some(({ key }) => DNS_PARAMETERS.has(key));
  if (saysItself) return [];
  const all = (defaults?.docker ?? []).filter((each) => each.network_mode === docker.network);
  const found =
    docker.network === 'BRIDGE'
      ? all.at(-1)
      : docker.network === 'USER'
        ? (all.findLast((each) => each.network_name === network) ??
          all.findLast((each) => each.network_name === undefined))
        : undefined;
  const { nameservers = [], search = [], options = [] } = found?.dns ?? {};
  return [
    ...nameservers.flatMap((value) => ['--dns', value]),
    ...search.flatMap((value) => ['--dns-search', value]),
    ...options.flatMap((value) => ['--dns-opt', value]),
  ];
}
