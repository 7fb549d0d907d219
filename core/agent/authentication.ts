/**
 * Proving to the master who this agent is, before it registers (spec libprocess, section 4.2). The
 * exchange itself is the shell's (`authenticatee.ts`); here is when it begins, how long it may take, and
 * what follows. An attempt that fails is repeated when its time is over, so that a master without an
 * authenticator is not asked in a circle.
 */
import { formatUpid } from '../wire/upid.ts';
import type { AgentContext } from './context.ts';

const DEADLINE = 'authenticate';

export type AuthenticationResult =
  | { readonly kind: 'completed' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'error'; readonly error: string };

/** Forgets what was proved to the master before. */
export function startAnew(context: AgentContext): void {
  context.deadlines.clear(DEADLINE);
  context.authentication = { attempt: context.authentication.attempt, state: 'none', maxMs: 0 };
}

/** Whether registration has to wait; begins the exchange when there is none. */
export function mustAuthenticate(context: AgentContext): boolean {
  const { options, authentication } = context;
  if (options.credential === undefined || authentication.state === 'done') return false;
  if (authentication.state === 'none') {
    const { authenticationTimeoutMinMs: minMs, authenticationBackoffFactorMs } = options;
    attempt(context, minMs + 2 * authenticationBackoffFactorMs);
  }
  return true;
}

function attempt(context: AgentContext, wantedMaxMs: number): void {
  const { options, random, state } = context;
  if (state.master === undefined) return;
  const { authenticationTimeoutMinMs: minMs } = options;
  const maxMs = Math.min(wantedMaxMs, options.authenticationTimeoutMaxMs);
  const number = context.authentication.attempt + 1;
  context.authentication = { attempt: number, state: 'running', maxMs };
  const timeoutMs = minMs + random.float() * Math.max(0, maxMs - minMs);
  context.deadlines.set(DEADLINE, context.now + timeoutMs);
  context.emit({ kind: 'authenticate', attempt: number, master: state.master });
}

/** The time of an attempt is over; false when `key` is another deadline. */
export function authenticationWoke(context: AgentContext, key: string): boolean {
  if (key !== DEADLINE) return false;
  const { maxMs, state } = context.authentication;
  if (state !== 'running' || context.state.status !== 'disconnected') return true;
  context.log('warn', 'authentication with the master did not succeed, trying again');
  const minMs = context.options.authenticationTimeoutMinMs;
  attempt(context, minMs + 2 * (maxMs - minMs));
  return true;
}

/** True when the agent may register now. Results of attempts given up before are ignored. */
export function authenticated(
  context: AgentContext,
  number: number,
  result: AuthenticationResult,
): boolean {
  const { master } = context.state;
  if (number !== context.authentication.attempt || context.authentication.state !== 'running') {
    return false;
  }
  if (result.kind === 'refused') {
    const pid = master === undefined ? '' : formatUpid(master);
    context.emit({ kind: 'exit', failure: `Master ${pid} refused authentication` });
    return false;
  }
  if (result.kind === 'error') {
    context.log('warn', 'authentication with the master failed', { error: result.error });
    return false;
  }
  context.deadlines.clear(DEADLINE);
  context.authentication = { ...context.authentication, state: 'done' };
  context.log('info', 'authenticated with the master');
  return true;
}
