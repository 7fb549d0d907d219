/**
 * The authorizer of a module, which may throw: what it cannot answer is refused, and the reason is kept for the
 * texts of the original (spec scheduler-api, sections 6.2, 11.4 and 11.5).
 */
import { describeError } from '../base/errors.ts';
import type { Action } from './actions.ts';
import type { Approvers, AuthorizationFailure, Authorizer } from './authorizer.ts';
import type { Principal } from './principal.ts';

export function guardedAuthorizer(authorizer: Authorizer): Authorizer {
  return { approvers: (principal) => new GuardedApprovers(authorizer, principal) };
}

class GuardedApprovers implements Approvers {
  private readonly authorizer: Authorizer;
  private readonly principal: Principal | undefined;
  /** Made when it is first asked: one that could not be made is tried again. */
  private made: Approvers | undefined;
  private last: AuthorizationFailure | undefined;

  constructor(authorizer: Authorizer, principal: Principal | undefined) {
    this.authorizer = authorizer;
    this.principal = principal;
  }

  approved(action: Action, object?: string): boolean {
    return this.ask((approvers) => approvers.approved(action, object));
  }

  approvedFor(action: Action, object: string | undefined, rootContainerId: string): boolean {
    return this.ask((approvers) => approvers.approvedFor(action, object, rootContainerId));
  }

  failure(): AuthorizationFailure | undefined {
    return this.last;
  }

  private ask(question: (approvers: Approvers) => boolean): boolean {
    this.last = undefined;
    try {
      this.made ??= this.authorizer.approvers(this.principal);
      return question(this.made);
    } catch (thrown) {
      this.last = { isMade: this.made !== undefined, why: describeError(thrown) };
      return false;
    }
  }
}
