/**
 * CRAM-MD5 as it travels in libprocess messages (spec libprocess, section 9; RFC 2195). Both ends as
 * machines: a message goes in, the answer and perhaps the outcome come out. Each serves one exchange.
 *
 *   challenge := "<" digits "." unix-seconds "@" host ">"
 *   response  := principal " " hex(HMAC-MD5(secret, challenge))
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { MessageTypes } from '../wire/types/messages.ts';
import type { Credential, Credentials } from './credentials.ts';

export const CRAM_MD5 = 'CRAM-MD5';

type Names =
  | 'mesos.internal.AuthenticationMechanismsMessage'
  | 'mesos.internal.AuthenticationStartMessage'
  | 'mesos.internal.AuthenticationStepMessage'
  | 'mesos.internal.AuthenticationCompletedMessage'
  | 'mesos.internal.AuthenticationFailedMessage'
  | 'mesos.internal.AuthenticationErrorMessage';

export type AuthenticationMessage = {
  [Name in Names]: { readonly name: Name; readonly value: MessageTypes[Name] };
}[Names];

const NAMES: ReadonlySet<string> = new Set<Names>([
  'mesos.internal.AuthenticationMechanismsMessage',
  'mesos.internal.AuthenticationStartMessage',
  'mesos.internal.AuthenticationStepMessage',
  'mesos.internal.AuthenticationCompletedMessage',
  'mesos.internal.AuthenticationFailedMessage',
  'mesos.internal.AuthenticationErrorMessage',
]);

export function isAuthenticationName(name: string): name is Names {
  return NAMES.has(name);
}

/** The principal that was proved, or why there is none. */
export type ServerOutcome =
  | { readonly kind: 'completed'; readonly principal: string }
  | { readonly kind: 'failed' }
  | { readonly kind: 'error'; readonly error: string };

export interface ServerAnswer {
  readonly message: AuthenticationMessage | undefined;
  /** Given once, at the end of the exchange. */
  readonly outcome?: ServerOutcome;
}

/** The master's end of one exchange. */
export interface ServerEnd {
  /** What it opens the exchange with. */
  greeting(): AuthenticationMessage;
  receive(message: AuthenticationMessage): ServerAnswer;
}

export function cramMd5Digest(secret: string, challenge: Uint8Array): string {
  return createHmac('md5', secret).update(challenge).digest('hex');
}

/** The end that asks: `crammd5-authenticator-session(N)` of a master. */
export class CramMd5Server implements ServerEnd {
  private readonly credentials: Credentials;
  private readonly challenge: Uint8Array;
  private expects: 'start' | 'step' | 'nothing' = 'start';

  constructor(credentials: Credentials, challenge: string) {
    this.credentials = credentials;
    this.challenge = Buffer.from(challenge);
  }

  /** What it opens the exchange with. */
  greeting(): AuthenticationMessage {
    const value = { mechanisms: [CRAM_MD5] };
    return { name: 'mesos.internal.AuthenticationMechanismsMessage', value };
  }

  receive(message: AuthenticationMessage): ServerAnswer {
    if (this.expects === 'nothing') return { message: undefined };
    switch (message.name) {
      case 'mesos.internal.AuthenticationStartMessage':
        return this.start(message.value.mechanism);
      case 'mesos.internal.AuthenticationStepMessage':
        return this.step(message.value.data);
      default:
        return { message: undefined };
    }
  }

  private start(mechanism: string): ServerAnswer {
    if (this.expects !== 'start') return this.fail("Unexpected authentication 'start' received");
    if (mechanism !== CRAM_MD5) return this.fail('no mechanism available');
    this.expects = 'step';
    const value = { data: this.challenge };
    return { message: { name: 'mesos.internal.AuthenticationStepMessage', value } };
  }

  private step(data: Uint8Array): ServerAnswer {
    if (this.expects !== 'step') return this.fail("Unexpected authentication 'step' received");
    const response = Buffer.from(data).toString('utf8');
    const blank = response.lastIndexOf(' ');
    if (blank === -1) return this.fail('bad protocol / cancel');
    this.expects = 'nothing';
    const principal = response.slice(0, blank);
    if (!this.isRight(principal, response.slice(blank + 1))) {
      return {
        message: { name: 'mesos.internal.AuthenticationFailedMessage', value: {} },
        outcome: { kind: 'failed' },
      };
    }
    return {
      message: { name: 'mesos.internal.AuthenticationCompletedMessage', value: {} },
      outcome: { kind: 'completed', principal },
    };
  }

  private isRight(principal: string, digest: string): boolean {
    const secret = this.credentials.get(principal);
    // Unknown principals take as long as known ones.
    const expected = Buffer.from(cramMd5Digest(secret ?? '', this.challenge));
    const given = Buffer.from(digest);
    const isSame = given.length === expected.length && timingSafeEqual(given, expected);
    return isSame && secret !== undefined;
  }

  private fail(error: string): ServerAnswer {
    this.expects = 'nothing';
    return {
      message: { name: 'mesos.internal.AuthenticationErrorMessage', value: { error } },
      outcome: { kind: 'error', error },
    };
  }
}

/** `refused` is final, after an `error` the client may try again. */
export type ClientOutcome =
  | { readonly kind: 'completed' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'error'; readonly error: string };

export interface ClientAnswer {
  readonly message?: AuthenticationMessage;
  readonly outcome?: ClientOutcome;
}

/** The agent's end of one exchange. */
export interface ClientEnd {
  receive(message: AuthenticationMessage): ClientAnswer;
}

/** The end that proves: `crammd5-authenticatee(N)` of an agent. Out of order messages end the attempt. */
export class CramMd5Client implements ClientEnd {
  private readonly credential: Credential;
  private expects: 'mechanisms' | 'challenge' | 'verdict' | 'nothing' = 'mechanisms';

  constructor(credential: Credential) {
    this.credential = credential;
  }

  receive(message: AuthenticationMessage): ClientAnswer {
    if (this.expects === 'nothing') return {};
    switch (message.name) {
      case 'mesos.internal.AuthenticationMechanismsMessage':
        return this.choose(message.value.mechanisms ?? []);
      case 'mesos.internal.AuthenticationStepMessage':
        return this.respond(message.value.data);
      case 'mesos.internal.AuthenticationCompletedMessage':
        if (this.expects !== 'verdict')
          return this.fail("Unexpected authentication 'completed' received");
        return this.end({ kind: 'completed' });
      case 'mesos.internal.AuthenticationFailedMessage':
        return this.end({ kind: 'refused' });
      case 'mesos.internal.AuthenticationErrorMessage':
        return this.fail(message.value.error ?? 'the master reported an error');
      default:
        return {};
    }
  }

  private choose(mechanisms: readonly string[]): ClientAnswer {
    if (this.expects !== 'mechanisms') {
      return this.fail("Unexpected authentication 'mechanisms' received");
    }
    if (!mechanisms.includes(CRAM_MD5)) {
      return this.fail(`no known mechanism among '${mechanisms.join(', ')}'`);
    }
    this.expects = 'challenge';
    const value = { mechanism: CRAM_MD5, data: new Uint8Array(0) };
    return { message: { name: 'mesos.internal.AuthenticationStartMessage', value } };
  }

  private respond(challenge: Uint8Array): ClientAnswer {
    if (this.expects !== 'challenge') return this.fail("Unexpected authentication 'step' received");
    this.expects = 'verdict';
    const { principal, secret } = this.credential;
    const data = Buffer.from(`${principal} ${cramMd5Digest(secret, challenge)}`);
    return { message: { name: 'mesos.internal.AuthenticationStepMessage', value: { data } } };
  }

  private fail(error: string): ClientAnswer {
    return this.end({ kind: 'error', error });
  }

  private end(outcome: ClientOutcome): ClientAnswer {
    this.expects = 'nothing';
    return { outcome };
  }
}
