/** Public: the types of modules, for those who write them. */
export type {
  AllocatorFactory,
  Anonymous,
  Hook,
  Module,
  ModuleKind,
  ModuleKinds,
  ModuleParameter,
} from './types.ts';
