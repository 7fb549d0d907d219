/** How requests reach the masters: the scheme, and headers that say who asks (spec mesos-dns, 6.2). */
import type { Clock } from '../core/base/clock.ts';
import { seconds } from '../core/base/duration.ts';
import type { HttpClient } from '../core/net/ports.ts';
import type { HostPort } from './cluster-state.ts';
import type { CompiledDnsOptions } from './config.ts';
import { iamToken } from './iam.ts';

export type Headers = Readonly<Record<string, string>>;

export interface MasterAccess {
  readonly scheme: 'http' | 'https';
  /** Made anew for every request; rejects when who we are cannot be shown. */
  headers(): Promise<Headers>;
}

export function masterAccess(
  options: CompiledDnsOptions,
  ports: { readonly clock: Clock; readonly http: HttpClient },
): MasterAccess {
  const scheme = options.mesosHTTPSOn ? 'https' : 'http';
  const { identity } = options;
  if (options.mesosAuthentication === 'iam' && identity !== undefined) {
    const timeoutMs = seconds(options.stateTimeoutSeconds);
    return {
      scheme,
      headers: async () => ({
        authorization: `token=${await iamToken(identity, ports, timeoutMs)}`,
      }),
    };
  }
  const headers = basicHeaders(options);
  return { scheme, headers: async () => headers };
}

/** `http://10.0.0.5:5050`, with brackets around an address of version 6. */
export function originUrl(scheme: string, { host, port }: HostPort): string {
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

function basicHeaders(options: CompiledDnsOptions): Headers {
  if (options.mesosAuthentication !== 'basic') return {};
  const { principal, secret } = options.mesosCredentials;
  const token = Buffer.from(`${principal}:${secret}`).toString('base64');
  return { authorization: `Basic ${token}` };
}
