/** The test kit: virtual time, network, disk and processes for tests of masters, agents, frameworks. */
export { ProcessClock, SIMULATION_START, SimulatedClock, settle } from './clock.ts';
export { type ClusterOptions, MASTER, SimulatedCluster } from './cluster.ts';
export {
  SimulatedLauncher,
  SimulatedMachine,
  type SimulatedMachineOptions,
} from './machine.ts';
export {
  type MessageFilter,
  type NetworkOptions,
  SimulatedNetwork,
  SimulatedProcess,
} from './network.ts';
export { SimulatedProcesses, type SpawnedProcess } from './processes.ts';
export { SchedulerLink, type SchedulerLinkOptions } from './scheduler-link.ts';
export { SimulatedDisk, type SimulatedDiskOptions } from './storage.ts';
