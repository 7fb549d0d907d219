/** Public: the types of modules, for those who write them. */
export type {
  AllocatorFactory,
  Anonymous,
  AuthenticateeFactory,
  AuthenticatorFactory,
  Hook,
  HttpAuthenticatorFactory,
  Isolator,
  Module,
  ModuleKind,
  ModuleKinds,
  ModuleParameter,
} from './types.ts';
