/** Public entry of the DNS daemon. */
export {
  type CompiledDnsOptions,
  compileDnsOptions,
  DEFAULT_DNS_CONFIG,
  type DnsConfig,
} from './config.ts';
export { createDns, type Dns, type DnsPorts } from './server.ts';
