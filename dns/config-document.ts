/** The effective configuration as the HTTP API and the log show it (spec mesos-dns, section 7.1). */
import type { CompiledDnsOptions } from './config.ts';

/** Member names and order of the specification; the secret is never shown. */
export function configDocument(
  options: CompiledDnsOptions,
  serial: number,
): Readonly<Record<string, unknown>> {
  const { principal, secret } = options.mesosCredentials;
  return {
    RefreshSeconds: options.refreshSeconds,
    Port: options.port,
    Timeout: options.timeout,
    StateTimeoutSeconds: options.stateTimeoutSeconds,
    ZkDetectionTimeout: options.zkDetectionTimeout,
    HttpPort: options.httpport,
    TTL: options.ttl,
    SRVRecordDefaultWeight: options.srvRecordDefaultWeight,
    SOASerial: serial,
    SOARefresh: options.SOARefresh,
    SOARetry: options.SOARetry,
    SOAExpire: options.SOAExpire,
    SOAMinttl: options.SOAMinttl,
    SOAMname: options.SOAMname,
    SOARname: options.SOARname,
    Masters: options.masters,
    ZoneResolvers: options.zoneResolvers,
    Resolvers: options.resolvers,
    IPSources: options.IPSources,
    Zk: options.zk,
    Domain: options.domain,
    File: options.file,
    Listener: options.listener,
    HTTPListener: options.httplistener,
    RecurseOn: options.recurseon,
    DnsOn: options.dnson,
    HttpOn: options.httpon,
    ExternalOn: options.externalon,
    EnforceRFC952: options.enforceRFC952,
    SetTruncateBit: options.setTruncateBit,
    EnumerationOn: options.enumerationOn,
    MesosHTTPSOn: options.mesosHTTPSOn,
    CACertFile: options.caCertFile,
    CertFile: options.certFile,
    KeyFile: options.keyFile,
    MesosCredentials: { Principal: principal, Secret: secret === '' ? '' : '******' },
    IAMConfigFile: options.IAMConfigFile,
    MesosAuthentication: options.mesosAuthentication,
    // Ours, shown only where they are on.
    ...(options.onlyHealthy ? { OnlyHealthy: true } : {}),
    ...(options.leaveOutDraining ? { LeaveOutDraining: true } : {}),
    ...(options.honourEDNSSize ? { HonourEDNSSize: true } : {}),
  };
}
