/** Why a change of the tree was not made, with the original's sentences. Part of normal life. */
import type { Violation } from './violations.ts';

/** What an authorizer has said; its answer goes to the client as it is. */
export interface Forbidden {
  readonly kind: 'forbidden';
  readonly answer: {
    readonly status: number;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Uint8Array;
  };
}

export type Refusal =
  | Forbidden
  | { readonly kind: 'invalid'; readonly violations: readonly Violation[] }
  | { readonly kind: 'not-found'; readonly message: string }
  | { readonly kind: 'conflict'; readonly message: string }
  | { readonly kind: 'illegal'; readonly message: string }
  | { readonly kind: 'locked'; readonly deploymentIds: readonly string[] }
  | { readonly kind: 'too-many-deployments'; readonly max: number };

export const LOCKED_TEXT =
  "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.";

export function refusalText(refusal: Refusal): string {
  switch (refusal.kind) {
    case 'invalid':
      return refusal.violations.map(({ path, message }) => `${path}: ${message}`).join('; ');
    case 'locked':
      return LOCKED_TEXT;
    case 'too-many-deployments':
      return `Max number (${refusal.max}) of running deployments is achieved. Wait for existing deployments to complete or cancel one using force=true parameter. You can increase max deployment number by using --max_running_deployments parameter`;
    case 'forbidden':
      return 'not authorized';
    case 'not-found':
    case 'conflict':
    case 'illegal':
      return refusal.message;
  }
}
