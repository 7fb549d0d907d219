/** What master and agent tell each other about frameworks when the agent re-registers (spec libprocess, section 4.4). */
import { frameworkId } from '../base/ids.ts';
import type { FrameworkInfo } from '../wire/types/mesos.v1.ts';
import type { MasterContext } from './context.ts';
import { driverPidText } from './framework-info.ts';
import { recoverFramework } from './frameworks.ts';
import type { Agent, Framework } from './records.ts';

/** Those that this master has not heard of, and has not seen end, are awaited from now on. Gives them. */
export function recoverFrameworks(
  context: MasterContext,
  infos: readonly FrameworkInfo[],
): ReadonlySet<Framework> {
  const { state } = context;
  const recovered = new Set<Framework>();
  for (const info of infos) {
    const id = frameworkId(info.id?.value ?? '');
    if (state.frameworks.has(id) || state.completedFrameworks.has(id)) continue;
    recovered.add(recoverFramework(context, info));
  }
  return recovered;
}

/** The master's knowledge of each, but not of `strangers`: it has that from this agent. */
export function sendFrameworks(
  context: MasterContext,
  agent: Agent,
  infos: readonly FrameworkInfo[],
  strangers: ReadonlySet<Framework>,
): void {
  for (const info of infos) {
    const framework = context.state.frameworks.get(frameworkId(info.id?.value ?? ''));
    if (framework === undefined || strangers.has(framework)) continue;
    context.send(agent, {
      name: 'mesos.internal.UpdateFrameworkMessage',
      message: {
        framework_id: { value: framework.id },
        pid: driverPidText(framework),
        framework_info: framework.info,
      },
    });
  }
}

/** Those that have ended here must end there, too. */
export function shutDownCompleted(
  context: MasterContext,
  agent: Agent,
  infos: readonly FrameworkInfo[],
): void {
  const ids = new Set(infos.map((info) => frameworkId(info.id?.value ?? '')));
  for (const id of ids) {
    if (!context.state.completedFrameworks.has(id)) continue;
    context.send(agent, {
      name: 'mesos.internal.ShutdownFrameworkMessage',
      message: { framework_id: { value: id } },
    });
  }
}
