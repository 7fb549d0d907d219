/** The ports of the API: HTTP, HTTPS, or both in front of the same routes. */
import type { HttpServer } from '../../core/net/http-server.ts';
import { TlsListener } from '../../core/net/tls-listener.ts';
import type { HttpsOptions } from './https-flags.ts';

export interface ListenerOptions {
  /** Undefined without HTTPS. */
  readonly https: HttpsOptions | undefined;
  readonly servesHttp: boolean;
}

export class Listeners {
  private readonly http: HttpServer;
  private readonly tls: TlsListener | undefined;
  private readonly hasHttp: boolean;

  constructor(http: HttpServer, options: ListenerOptions) {
    this.http = http;
    this.hasHttp = options.servesHttp;
    const { https } = options;
    this.tls = https === undefined ? undefined : new TlsListener(http, https, https.keys);
  }

  /** How others reach the API: the plain port where there is one. */
  get scheme(): 'http' | 'https' {
    return this.hasHttp ? 'http' : 'https';
  }

  get address(): { readonly ip: string; readonly port: number } {
    return this.hasHttp || this.tls === undefined ? this.http.address : this.tls.address;
  }

  get httpsPort(): number | undefined {
    return this.tls?.address.port;
  }

  async listen(): Promise<void> {
    if (this.hasHttp) await this.http.listen();
    else await this.http.app.ready();
    await this.tls?.listen();
  }

  async close(): Promise<void> {
    this.tls?.close();
    await this.http.close();
  }
}
