/** The test kit: virtual time, network, disk and processes for tests of masters, agents, frameworks. */
export { ProcessClock, SIMULATION_START, SimulatedClock, settle } from './clock.ts';
export {
  type MessageFilter,
  type NetworkOptions,
  SimulatedNetwork,
  SimulatedProcess,
} from './network.ts';
export { SimulatedDisk, type SimulatedDiskOptions } from './storage.ts';
