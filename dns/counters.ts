/** What the server has done since its start (spec mesos-dns, section 8); also as metrics. */
import type { Counter, Metrics } from '../core/base/metrics.ts';

const HELP = {
  MesosRequests: 'Queries for names of the domain',
  MesosSuccess: 'Queries for names of the domain that had an answer',
  MesosNXDomain: 'Queries for names of the domain without an answer',
  MesosFailed: 'Records of the domain that could not be formatted',
  NonMesosRequests: 'Queries for other names',
  NonMesosSuccess: 'Exchanges with resolvers that went well',
  NonMesosNXDomain: 'Forwarded replies without an answer',
  NonMesosFailed: 'Exchanges with resolvers that failed',
  NonMesosForwarded: 'Exchanges with resolvers',
} as const;

export type CounterName = keyof typeof HELP;
export type DnsCounters = Readonly<Record<CounterName, Counter>>;

export function createDnsCounters(metrics: Metrics): DnsCounters {
  const count = (name: CounterName): Counter => metrics.counter(`dns/${name}`, HELP[name]);
  return {
    MesosRequests: count('MesosRequests'),
    MesosSuccess: count('MesosSuccess'),
    MesosNXDomain: count('MesosNXDomain'),
    MesosFailed: count('MesosFailed'),
    NonMesosRequests: count('NonMesosRequests'),
    NonMesosSuccess: count('NonMesosSuccess'),
    NonMesosNXDomain: count('NonMesosNXDomain'),
    NonMesosFailed: count('NonMesosFailed'),
    NonMesosForwarded: count('NonMesosForwarded'),
  };
}
