/**
 * The DNS daemon: keeps records in step with the cluster and serves them. Its ports open only after
 * the first good state (spec mesos-dns, section 1.2); what is known is served until something newer
 * is known, also when no master answers.
 */
import { networkInterfaces } from 'node:os';
import type { FastifyInstance } from 'fastify';
import { background } from '../core/base/background.ts';
import type { Clock } from '../core/base/clock.ts';
import { seconds } from '../core/base/duration.ts';
import { ClusterError } from '../core/base/errors.ts';
import type { LifecycleState, Service } from '../core/base/lifecycle.ts';
import type { Log } from '../core/base/log.ts';
import { Metrics } from '../core/base/metrics.ts';
import type { Random } from '../core/base/random.ts';
import type { LeaderDetector } from '../core/election/ports.ts';
import type { HttpClient } from '../core/net/ports.ts';
import { AnswerBook } from './answers.ts';
import { ClusterNames } from './cluster-names.ts';
import { ClusterSource } from './cluster-source.ts';
import type { CompiledDnsOptions } from './config.ts';
import {
  createDnsCounters,
  type DnsCounters,
  declareDnsGauges,
  describeCounters,
} from './counters.ts';
import { limitForwarded } from './forwarded-reply.ts';
import { Forwarder, type Transport } from './forwarder.ts';
import { GoLog } from './go-log.ts';
import { HostResolver, type LookUp, systemLookUp } from './host-resolver.ts';
import { createHttpApi } from './http-api.ts';
import { LISTEN_FAILED, listenOnOnePort, namingFailure } from './listening.ts';
import { masterAccess } from './master-access.ts';
import { MasterList } from './masters.ts';
import { NamesKeeper } from './names-keeper.ts';
import { Responder } from './responder.ts';
import { TcpServer } from './tcp-server.ts';
import { type MessageHandler, UdpServer } from './udp-server.ts';
import { textToName } from './wire.ts';

export interface DnsPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpClient;
  readonly log: Log;
  /** What the original says on stdout and stderr; without it errors go to the log. */
  readonly lines?: GoLog;
  readonly lookUp?: LookUp;
  /** Finds the leader when the configuration has `zk`. */
  readonly detector?: LeaderDetector | undefined;
}

export interface Dns extends Service {
  /** Settles when it cannot go on: no leader has been detected for too long. */
  readonly failure: Promise<unknown>;
  /** Real ports once it serves; undefined for what is switched off. */
  readonly ports: { readonly dns: number | undefined; readonly http: number | undefined };
  readonly records: ClusterNames['records'];
}

const UDP_BYTES_MAX = 512;
const TCP_BYTES_MAX = 65_535;

/** Version that `/v1/version` and `-version` show. */
export const DNS_VERSION = 'v0.7.0';

export function createDns(options: CompiledDnsOptions, ports: DnsPorts): Dns {
  const lines = ports.lines ?? linesInLog(ports);
  const names = new ClusterNames(
    {
      domain: options.domain,
      labelRule: options.enforceRFC952 ? 'rfc952' : 'rfc1123',
      addressSources: options.IPSources,
      onlyHealthy: options.onlyHealthy,
      leaveOutDraining: options.leaveOutDraining,
    },
    { name: options.SOAMname, addresses: ownAddresses(options.listener) },
    (type, name, value) => lines.veryVerbose(`[${type}]\t${name}: ${value}`),
  );
  return new DnsShell(options, { ...ports, lines }, names);
}

function linesInLog({ clock, log }: DnsPorts): GoLog {
  return new GoLog(0, clock, { out: () => undefined, err: (line) => log.warn({}, line.trimEnd()) });
}

class DnsShell implements Dns {
  private readonly options: CompiledDnsOptions;
  private readonly clock: Clock;
  private readonly log: Log;
  private readonly lines: GoLog;
  private readonly names: ClusterNames;
  private readonly book: AnswerBook;
  private readonly keeper: NamesKeeper;
  private readonly source: ClusterSource;
  private readonly metrics = new Metrics();
  private readonly counters: DnsCounters;
  private readonly responder: Responder;
  private readonly forwarder: Forwarder;
  private readonly masterList: MasterList | undefined;
  private readonly failed = Promise.withResolvers<unknown>();
  private readonly firstState = Promise.withResolvers<void>();
  private readonly udp: UdpServer;
  private readonly tcp: TcpServer;
  private http: FastifyInstance | undefined;
  private state: LifecycleState = 'new';
  private serial: number;
  ports: { readonly dns: number | undefined; readonly http: number | undefined } = {
    dns: undefined,
    http: undefined,
  };

  constructor(
    options: CompiledDnsOptions,
    ports: DnsPorts & { readonly lines: GoLog },
    names: ClusterNames,
  ) {
    this.options = options;
    this.clock = ports.clock;
    this.log = ports.log;
    this.lines = ports.lines;
    this.names = names;
    this.serial = unixSeconds(ports.clock);
    this.counters = createDnsCounters(this.metrics);
    this.book = new AnswerBook(names.records, ports.random, answerOptions(options), this.serial);
    this.responder = new Responder(
      this.book,
      {
        domain: options.domain,
        forwards: options.externalon,
        resolvers: options.resolvers,
        zoneResolvers: new Map(Object.entries(options.externalon ? options.zoneResolvers : {})),
        honoursSize: options.honourEDNSSize,
      },
      this.counters,
    );
    this.forwarder = new Forwarder(ports.clock, seconds(options.timeout), this.counters);
    this.udp = new UdpServer(this.handler('udp', UDP_BYTES_MAX), ports.log);
    this.tcp = new TcpServer(this.handler('tcp', TCP_BYTES_MAX), ports.clock);
    this.keeper = new NamesKeeper(
      names,
      new HostResolver(ports.lookUp ?? systemLookUp),
      options.masters ?? [],
      {
        updated: () => this.updated(),
        resync: () => this.source.resync(),
        needState: () => this.source.requestState(),
        complain: (text) => this.lines.error(text),
      },
      ports.log,
    );
    this.source = new ClusterSource(
      ports,
      {
        masters: options.masters ?? [],
        refreshMs: seconds(options.refreshSeconds),
        stateTimeoutMs: seconds(options.stateTimeoutSeconds),
        access: masterAccess(options, ports),
      },
      this.keeper,
    );
    this.masterList = this.createMasterList(ports);
    declareDnsGauges(this.metrics, {
      nameCount: () => names.records.nameCount,
      preparedCount: () => this.book.preparedCount,
      forwardCount: () => this.forwarder.inFlightCount,
      connectionCount: () => this.tcp.connectionCount,
      serial: () => this.serial,
      standing: () => this.source.standing,
      now: () => ports.clock.now(),
    });
  }

  get failure(): Promise<unknown> {
    return this.failed.promise;
  }

  private createMasterList(ports: DnsPorts): MasterList | undefined {
    const { detector, clock } = ports;
    if (detector === undefined) return undefined;
    const { masters, zkDetectionTimeout } = this.options;
    return new MasterList(
      { detector, clock },
      { masters: masters ?? [], timeoutMs: seconds(zkDetectionTimeout) },
      {
        onMasters: (list) => {
          this.keeper.setMasters(list);
          this.source.setMasters(list);
        },
        onFailed: (why) => {
          this.lines.error(why);
          const error = new ClusterError('NO_LEADER', why, { retriable: false });
          this.failed.resolve(error);
          this.firstState.reject(error);
        },
      },
    );
  }

  get records(): ClusterNames['records'] {
    return this.names.records;
  }

  async start(): Promise<void> {
    this.state = 'starting';
    if (this.masterList === undefined) this.source.start();
    this.masterList?.start();
    try {
      await this.firstState.promise;
      await this.listen();
      this.state = 'running';
    } catch (thrown) {
      const isOurs = thrown instanceof ClusterError && thrown.code === LISTEN_FAILED;
      if (isOurs) this.lines.error(thrown.message);
      await this.stop();
      this.state = 'failed';
      throw thrown;
    }
  }

  async stop(): Promise<void> {
    if (this.state === 'stopped') return;
    this.state = 'stopping';
    this.source.stop();
    await this.masterList?.stop();
    this.firstState.reject(
      new ClusterError('STOPPED', 'stopped before any master answered', { retriable: true }),
    );
    // Nobody may be waiting for the first state.
    this.firstState.promise.catch(() => undefined);
    await Promise.all([this.http?.close(), this.udp.close(), this.tcp.close()]);
    this.state = 'stopped';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private updated(): void {
    this.serial = unixSeconds(this.clock);
    this.book.setSerial(this.serial);
    if (this.lines.isVeryVerbose) this.lines.veryVerbose(describeCounters(this.counters));
    this.firstState.resolve();
  }

  private async listen(): Promise<void> {
    const { dnson, httpon, listener, port, httplistener, httpport } = this.options;
    let dns: number | undefined;
    let http: number | undefined;
    if (dnson) dns = await listenOnOnePort(this.udp, this.tcp, listener, port);
    if (httpon) {
      this.http = createHttpApi({
        options: this.options,
        names: this.names,
        counters: this.counters,
        metrics: this.metrics,
        version: DNS_VERSION,
        serial: () => this.serial,
      });
      const listening = this.http.listen({ host: httplistener, port: httpport });
      const url = await namingFailure('failed to setup http server', listening);
      http = Number(new URL(url).port);
    }
    this.ports = { dns, http };
    this.log.info({ listener, dns, http }, 'serving');
  }

  private handler(transport: Transport, limit: number): MessageHandler {
    return (message, reply) => {
      const decision = this.responder.decide(message, limit);
      if (decision.kind === 'reply') reply(decision.bytes);
      if (decision.kind !== 'forward') return;
      const { query, resolvers } = decision;
      const forwarding = this.forwarder.forward(message, query, resolvers, transport);
      background(
        this.log,
        forwarding.then((bytes) => reply(this.limited(bytes, transport))),
        'forward a query',
      );
    };
  }

  private limited(bytes: Buffer, transport: Transport): Buffer {
    return limitForwarded(bytes, transport, this.options.setTruncateBit);
  }
}

function unixSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1_000);
}

function ownAddresses(listener: string): readonly string[] {
  if (listener !== '0.0.0.0') return [listener];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.filter((each) => !each.internal).map((each) => each.address);
}

function answerOptions(options: CompiledDnsOptions): ConstructorParameters<typeof AnswerBook>[2] {
  return {
    ttl: options.ttl,
    serviceWeight: options.srvRecordDefaultWeight,
    recursionAvailable: options.recurseon,
    setTruncateBit: options.setTruncateBit,
    authority: {
      primary: textToName(options.SOAMname) ?? Buffer.of(0),
      mailbox: textToName(options.SOARname) ?? Buffer.of(0),
      refresh: options.SOARefresh,
      retry: options.SOARetry,
      expire: options.SOAExpire,
      ttl: options.ttl,
    },
  };
}
