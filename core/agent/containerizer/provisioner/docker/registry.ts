/** Docker's registries over HTTP, version 2: who asks, with tokens or a password, and what is answered. */
import type { DurationMs } from '../../../../base/duration.ts';
import type { HttpClient, HttpResponse } from '../../../../net/ports.ts';
import { follow } from '../../../fetcher/sources.ts';
import { imageError } from '../store.ts';
import { basicAuthFor, type Challenge, parseChallenge } from './credentials.ts';
import { parseObject } from './image-config.ts';

const TOKEN_BYTES_MAX = 1024 * 1024;
const HEAD_TIMEOUT_MS: DurationMs = 60_000;

export interface RegistryAddress {
  /** `https://host:port`. */
  readonly url: string;
  readonly host: string;
}

/** Of a reference: its own registry, or the one that is asked when it names none. */
export function registryOf(own: string | undefined, fallback: string): RegistryAddress {
  const usual = new URL(fallback);
  if (own === undefined || own === usual.host) {
    return { url: usual.origin + usual.pathname.replace(/\/+$/, ''), host: usual.host };
  }
  const [name = '', port] = own.split(':');
  const isPlain = port === '80' || name === 'localhost' || name.startsWith('127.');
  return { url: `${isPlain ? 'http' : 'https'}://${own}`, host: own };
}

/** One pull: what it has been given to show itself is shown again. */
export class RegistrySession {
  private readonly http: HttpClient;
  private readonly address: RegistryAddress;
  private readonly configs: readonly unknown[];
  private readonly signal: AbortSignal;
  private authorization: string | undefined;

  /** `configs`: in the form of Docker's client, the first that knows the registry counts. */
  constructor(
    http: HttpClient,
    address: RegistryAddress,
    how: { readonly configs: readonly unknown[]; readonly signal: AbortSignal },
  ) {
    this.http = http;
    this.address = address;
    this.configs = how.configs;
    this.signal = how.signal;
  }

  /** Throws unless the answer is 200. */
  async get(path: string, accept: readonly string[] = []): Promise<HttpResponse> {
    const url = `${this.address.url}${path}`;
    const first = await this.ask(url, accept);
    if (first.status !== 401) return await expectOk(first, url);
    first.cancel();
    const challenge = parseChallenge(first.headers['www-authenticate'] ?? '');
    if (challenge === undefined) {
      throw imageError(`Failed to authenticate at '${url}': the registry does not say how`);
    }
    this.authorization = await this.answer(challenge);
    return await expectOk(await this.ask(url, accept), url);
  }

  private async ask(url: string, accept: readonly string[]): Promise<HttpResponse> {
    const { authorization } = this;
    const headers = {
      ...(accept.length === 0 ? {} : { accept: accept.join(', ') }),
      ...(authorization === undefined ? {} : { authorization }),
    };
    return await this.send(url, headers);
  }

  private async answer({ scheme, parameters }: Challenge): Promise<string> {
    const basic = this.configs
      .map((config) => basicAuthFor(config, this.address.host))
      .find((each) => each !== undefined);
    const password = basic === undefined ? undefined : `Basic ${basic}`;
    if (scheme === 'basic') {
      if (password !== undefined) return password;
      throw imageError(
        `Failed to authenticate at '${this.address.host}': no credentials are known`,
      );
    }
    const { realm, service, scope } = parameters;
    if (realm === undefined || !URL.canParse(realm)) {
      throw imageError(`Failed to get the authentication server of '${this.address.host}'`);
    }
    const url = new URL(realm);
    if (service !== undefined) url.searchParams.set('service', service);
    if (scope !== undefined) url.searchParams.set('scope', scope);
    const headers = password === undefined ? {} : { authorization: password };
    const reply = await expectOk(await this.send(url.toString(), headers), url.toString());
    const body = parseObject(await reply.text(TOKEN_BYTES_MAX), 'the token');
    const token = body.ok ? (body.value['token'] ?? body.value['access_token']) : undefined;
    if (typeof token === 'string') return `Bearer ${token}`;
    throw imageError(`Failed to get a token from '${url.origin}'`);
  }

  private async send(
    url: string,
    headers: Readonly<Record<string, string>>,
  ): Promise<HttpResponse> {
    const request = { method: 'GET', url, headers, headTimeoutMs: HEAD_TIMEOUT_MS };
    return await follow(this.http, request, this.signal);
  }
}

async function expectOk(response: HttpResponse, url: string): Promise<HttpResponse> {
  if (response.status === 200) return response;
  response.cancel();
  const why = response.status === 401 || response.status === 403 ? ' (not authorized)' : '';
  throw imageError(
    `Unexpected HTTP response '${response.status}'${why} when trying to get '${url}'`,
  );
}
