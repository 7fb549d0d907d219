/**
 * Records of version 1, from the time when only apps could be run: an instance had one task, plans
 * and versions of the tree spoke of apps. What is no such record is returned as it stands and refused
 * by the reader.
 */

type Members = Readonly<Record<string, unknown>>;

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function upgradedInstance(value: unknown): unknown {
  if (!isMembers(value)) return value;
  const { app, task, ...rest } = value;
  const { condition, since } = value;
  const isAppsOwn = condition !== 'UnreachableInactive';
  const ofTask = { condition: isAppsOwn ? condition : 'Unreachable', since };
  return { ...rest, spec: app, tasks: isMembers(task) ? [{ ...task, ...ofTask }] : [] };
}

export function upgradedDelta(value: unknown): unknown {
  if (!isMembers(value)) return value;
  const { apps, ...rest } = value;
  return { ...rest, specs: apps };
}

export function upgradedPlan(value: unknown): unknown {
  if (!isMembers(value) || !Array.isArray(value['steps'])) return value;
  const { apps, steps, ...rest } = value;
  const upgraded = value['steps'].map((step: unknown) => {
    if (!isMembers(step) || !Array.isArray(step['actions'])) return step;
    return { ...step, actions: step['actions'].map(upgradedAction) };
  });
  return { ...rest, steps: upgraded, specs: apps };
}

function upgradedAction(value: unknown): unknown {
  if (!isMembers(value)) return value;
  const { action, app, ...rest } = value;
  return { ...rest, kind: String(action).replace('Application', ''), spec: app };
}
