/** What lies on disk of one container of the launcher; read again by the next launcher. */
import type { HostedState } from '../../executor/hosted-executor.ts';
import type { ContainerLimitation, ContainerSpec } from '../launcher-port.ts';
import type { IsolationRecord } from './container-isolation.ts';
import type { ProcessesRecord } from './container-processes.ts';

export interface ContainerRecord extends ProcessesRecord {
  readonly spec: ContainerSpec;
  readonly hosted: HostedState | undefined;
  exitStatus?: number;
  limitation?: ContainerLimitation;
  isolation?: IsolationRecord;
}

export function isContainerRecord(value: unknown): value is ContainerRecord {
  if (typeof value !== 'object' || value === null || !('spec' in value)) return false;
  const { spec } = value;
  if (typeof spec !== 'object' || spec === null || !('id' in spec)) return false;
  return typeof spec.id === 'string' && 'processes' in value;
}
