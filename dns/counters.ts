/** What the server has done since its start (spec mesos-dns, section 8); also as metrics. */
import type { Instant } from '../core/base/clock.ts';
import type { Counter, Metrics } from '../core/base/metrics.ts';
import type { SourceStanding } from './cluster-source.ts';

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

/** All on one line, as the original prints them. */
export function describeCounters(counters: DnsCounters): string {
  const pairs = Object.entries(counters).map(([name, counter]) => `${name}:${counter.value}`);
  return `{${pairs.join(' ')}}`;
}

export interface DnsGauges {
  nameCount(): number;
  preparedCount(): number;
  forwardCount(): number;
  connectionCount(): number;
  serial(): number;
  standing(): SourceStanding;
  now(): Instant;
}

/** Read when somebody asks; among them how old what is served may be. */
export function declareDnsGauges(metrics: Metrics, gauges: DnsGauges): void {
  const gauge = (name: string, help: string, read: () => number): void =>
    metrics.gauge(`dns/${name}`, help, read);
  gauge('names', 'Names that have records', gauges.nameCount);
  gauge('prepared_answers', 'Answers kept as bytes', gauges.preparedCount);
  gauge('forwards_in_flight', 'Queries that wait for a resolver', gauges.forwardCount);
  gauge('tcp_connections', 'Open connections of clients', gauges.connectionCount);
  gauge('serial', 'Serial of the zone', gauges.serial);
  gauge('state_age_seconds', 'Time since a master was last heard', () => {
    const { heardAt } = gauges.standing();
    return heardAt === undefined ? 0 : (gauges.now() - heardAt) / 1_000;
  });
  gauge('state_is_stale', '1 when the last attempt to reach a master failed', () =>
    Number(gauges.standing().isStale),
  );
  gauge('state_is_followed', '1 while changes come by the event stream', () =>
    Number(gauges.standing().isFollowing),
  );
  gauge(
    'state_failures',
    'Attempts to read the state that failed',
    () => gauges.standing().failureCount,
  );
}
