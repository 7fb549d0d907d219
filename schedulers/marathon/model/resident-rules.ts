/**
 * Rules for apps and pods with persistent volumes, and for changes of such (spec
 * marathon-app-model, sections 4.1 and 9).
 */
import { type App, usesHostNetworking } from './app.ts';
import { sameValue } from './equality.ts';
import { isResident, persistentVolumesOf } from './persistent-volumes.ts';
import { type Pod, totalOf } from './pod.ts';
import { isPod, type RunSpec } from './run-spec.ts';
import { type Violation, violation } from './violations.ts';

/** `rolesPath` is that of the accepted roles. */
export function violationsOfResidency(spec: RunSpec, rolesPath: string): Violation[] {
  if (!isResident(spec)) return [];
  const noun = isPod(spec) ? 'pod' : 'app';
  const found: Violation[] = [];
  if (spec.role === '*') {
    found.push(violation('/role', `Resident ${noun}s cannot have the role *`));
  }
  const accepted = spec.acceptedResourceRoles;
  if (accepted !== undefined && !sameValue(accepted, ['*'])) {
    const text = `A resident ${noun} must have \`acceptedResourceRoles = ["*"]\`.`;
    found.push(violation(rolesPath, text));
  }
  if (spec.unreachableStrategy !== 'disabled') {
    const text = isPod(spec)
      ? 'unreachableStrategy must be disabled for pods with persistent volumes'
      : 'unreachableStrategy must be disabled for resident tasks';
    found.push(violation('/', text));
  }
  const over = spec.upgradeStrategy.maximumOverCapacity;
  if (over !== 0) {
    const given = Number.isInteger(over) ? over.toFixed(1) : String(over);
    const upgrade = isPod(spec) ? '/upgrade' : '/upgradeStrategy';
    found.push(violation(`${upgrade}/maximumOverCapacity`, `got ${given}, expected 0.0`));
  }
  return found;
}

/** What may not change while reservations are made for the old definition. */
export function violationsOfResidentUpdate(
  before: RunSpec,
  after: RunSpec,
  { force }: { readonly force: boolean },
): Violation[] {
  if (!isResident(before) && !isResident(after)) return [];
  const found: Violation[] = [];
  if (!sameValue(persistentVolumesOf(before), persistentVolumesOf(after))) {
    const text = isPod(after)
      ? 'persistent volumes cannot be updated'
      : 'Persistent volumes can not be changed!';
    found.push(violation('/', text));
  }
  if (isPod(before) && isPod(after)) found.push(...violationsOfPodUpdate(before, after));
  if (!isPod(before) && !isPod(after) && changesResources(before, after)) {
    found.push(violation('/', RESOURCES_TEXT));
  }
  if (before.role !== after.role && !force) {
    found.push(violation('/', roleText(before.role, after.role)));
  }
  return found;
}

const RESOURCES_TEXT =
  'Services with persistent volumes configured may not change resource requirements. If you need to make this change, please create a new service.';

function roleText(from: string, to: string): string {
  return `It is not possible to change the role for existing reservations. If you proceed with this change, all existing instances will continue to under the previous role, "${from}". Only new instances will be allocated with the new role, "${to}". In order to continue, retry your request with ?force=true`;
}

function changesResources(before: App, after: App): boolean {
  const needs = ({ cpus, mem, disk, gpus, requirePorts }: App): unknown[] => [
    cpus,
    mem,
    disk,
    gpus,
    requirePorts,
  ];
  return (
    !sameValue(needs(before), needs(after)) || !sameValue(hostPortsOf(before), hostPortsOf(after))
  );
}

/** 0 = any; what has no port on the host is left out. */
function hostPortsOf(app: App): readonly number[] {
  if (usesHostNetworking(app)) {
    return (app.portDefinitions ?? []).map(({ port }) => (app.requirePorts ? port : 0));
  }
  return (app.container?.portMappings ?? []).flatMap(({ hostPort }) => hostPort ?? []);
}

function violationsOfPodUpdate(before: Pod, after: Pod): Violation[] {
  const found: Violation[] = [];
  const [old, wanted] = [totalOf(before), totalOf(after)];
  for (const name of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    if (old[name] === wanted[name]) continue;
    found.push(violation('/', `${name} cannot be updated if a pod has persistent volumes`));
  }
  const ports = ({ containers }: Pod): readonly number[] =>
    containers.flatMap(({ endpoints }) => endpoints.flatMap(({ hostPort }) => hostPort ?? []));
  if (!sameValue(ports(before), ports(after))) {
    found.push(violation('/', 'host ports cannot be updated if a pod has persistent volumes'));
  }
  return found;
}
