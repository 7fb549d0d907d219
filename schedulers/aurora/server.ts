/** Aurora's scheduler as a service: machine, shell, subscription and HTTP, put together from options and ports. */
import type { FastifyInstance } from 'fastify';
import type { Clock } from '../../core/base/clock.ts';
import { describeError } from '../../core/base/errors.ts';
import type { LifecycleState, Service } from '../../core/base/lifecycle.ts';
import type { Log } from '../../core/base/log.ts';
import type { Random } from '../../core/base/random.ts';
import type { LeaderDetector } from '../../core/election/ports.ts';
import { createHttpServer, type HttpServer } from '../../core/net/http-server.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import type { Storage } from '../../core/storage/ports.ts';
import type { FrameworkInfo } from '../../core/wire/types/mesos.v1.ts';
import { DurableQueue } from '../kit/durable-queue.ts';
import { FrameworkIdStore } from '../kit/framework-id.ts';
import { type FrameworkHandlers, FrameworkSubscription } from '../kit/subscription.ts';
import type { LevelPort } from './http/diagnostics.ts';
import { declareRoutes } from './http/routes.ts';
import { guardBy, OPEN } from './http/security/guard.ts';
import { type AuroraElection, Leading } from './leading.ts';
import { AuroraMachine } from './machine/aurora-machine.ts';
import type { MachineCall } from './machine/calls.ts';
import type { StoredState } from './machine/state.ts';
import { auroraVars } from './metrics.ts';
import type { AuroraOptions } from './options.ts';
import { Recovery } from './recovery.ts';
import { RoomVars } from './room-vars.ts';
import { AuroraShell } from './shell.ts';
import { SlaVars } from './sla-vars.ts';
import type { BackupFiles } from './store/backup-files.ts';
import { snapshotOf } from './store/snapshot.ts';
import type { Response } from './thrift/types.ts';
import { workloadOf } from './thrift-workload.ts';
import { VarsHistory } from './vars-history.ts';
import { Webhook } from './webhook.ts';

export interface AuroraPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly http: HttpClient;
  readonly storage: Storage;
  readonly log: Log;
  readonly detector?: LeaderDetector | undefined;
  /** Where backups go; without it there are none. */
  readonly backups?: BackupFiles | undefined;
  /** The process around it, where it is this scheduler's alone. */
  readonly process?: ProcessPort | undefined;
  /** Among several processes; without it this one leads from its start. */
  readonly election?: AuroraElection | undefined;
}

export interface ProcessPort {
  readonly levels: LevelPort;
  readonly quit: () => void;
  readonly activeResources: () => readonly string[];
  /** Of the process and its machine, for `/vars`. */
  readonly figures: () => ReadonlyMap<string, number>;
}

export interface Aurora extends Service {
  /** The HTTP interface, for tests that need no socket. */
  readonly app: FastifyInstance;
  /** Where it listens; the real port after the start. */
  readonly address: { readonly ip: string; readonly port: number };
  readonly isSubscribed: boolean;
  /** The machine, for printouts and tests. */
  readonly machine: AuroraMachine;
  /** Resolves with the reason when the scheduler cannot go on; the process should end then. */
  readonly failure: Promise<unknown>;
}

const ANSWER_FIRST_MS = 1_000;

/** To those who call although this process does not lead; clients try again. */
const NOT_READY: Response = {
  responseCode: 'ERROR_TRANSIENT',
  details: [{ message: 'Storage is not READY' }],
};

/** Storage and HTTP client stay the caller's: they are not closed by `stop`. */
export function createAurora(options: AuroraOptions, ports: AuroraPorts): Aurora {
  return new AuroraServer(options, ports);
}

class AuroraServer implements Aurora {
  readonly machine: AuroraMachine;
  readonly failure: Promise<unknown>;
  private readonly options: AuroraOptions;
  private readonly ports: AuroraPorts;
  private readonly http: HttpServer;
  private readonly shell: AuroraShell;
  private readonly durable: DurableQueue;
  private readonly leading: Leading;
  private readonly recovery: Recovery;
  private readonly webhook: Webhook | undefined;
  private readonly history: VarsHistory;
  private readonly fail: (why: unknown) => void;
  private readonly startedAt: number;
  private subscription: FrameworkSubscription | undefined;
  private state: LifecycleState = 'new';

  constructor(options: AuroraOptions, ports: AuroraPorts) {
    this.options = options;
    this.ports = ports;
    const { clock, log, storage } = ports;
    this.startedAt = clock.now();
    const failed = Promise.withResolvers<unknown>();
    this.failure = failed.promise;
    const onFatal = (why: unknown): void => {
      log.error({ error: describeError(why) }, 'Aurora cannot go on');
      failed.resolve(why);
    };
    this.fail = onFatal;
    this.machine = new AuroraMachine(options.machine, ports.random);
    this.durable = new DurableQueue(storage, onFatal);
    const { durable } = this;
    const { coordinators } = options;
    this.webhook = options.webhook && new Webhook(options.webhook, ports);
    const { reconciliation } = options;
    const own = { durable, coordinators, webhook: this.webhook, reconciliation, onFatal };
    this.shell = new AuroraShell(this.machine, { ...ports, ...own });
    this.http = createHttpServer({
      ...options.http,
      log,
      onError: (error, request, reply) => {
        log.error({ error: describeError(error), url: request.url }, 'request failed');
        return reply.code(500).type('text/plain').send(describeError(error));
      },
    });
    this.leading = new Leading(
      options.leading,
      { clock, log, election: ports.election },
      {
        recover: async () => {
          await this.shell.recover();
          this.recovery.start();
        },
        subscribe: () => this.subscribe(),
        halt: () => this.shell.stop(),
        fail: onFatal,
      },
    );
    this.recovery = new Recovery(
      {
        clock,
        log,
        files: ports.backups,
        snapshot: () => {
          const id = this.subscription?.frameworkId;
          return snapshotOf(this.machine.state, id, clock.now());
        },
        replace: (stored) => this.replace(stored),
      },
      options.backups.intervalMs,
    );
    this.history = new VarsHistory(options.varsHistory, clock, () => this.vars());
    this.declareRoutes();
    this.http.app.addHook('onResponse', (_request, reply, done) => {
      this.shell.count(`http_${reply.statusCode}_responses_events`);
      const nanos = Math.round(reply.elapsedTime * 1e6);
      this.shell.count(`http_${reply.statusCode}_responses_nanos_total`, nanos);
      done();
    });
  }

  /** The answer still goes out; then the process ends, and its supervisor starts it with the other state. */
  private async replace(stored: StoredState): Promise<void> {
    await this.shell.replace(stored);
    this.ports.clock.setTimer(ANSWER_FIRST_MS, () =>
      this.fail(new Error('went back to a backup: start again')),
    );
  }

  private declareRoutes(): void {
    const { options, machine, leading } = this;
    const { clock, process } = this.ports;
    const slaVars = new SlaVars(options.slaVars);
    const roomVars = new RoomVars();
    const count = (name: string): void => this.shell.count(name);
    const guard = options.realm === undefined ? OPEN : guardBy(options.realm, count);
    declareRoutes(this.http.app, {
      api: {
        call: async (call, user) => {
          if (!leading.isStorageReady) return NOT_READY;
          const startedAt = clock.now();
          const response =
            guard.refusal(call, user) ??
            (await (this.recovery.answer(call) ?? this.shell.call(call, user)));
          this.countCall(call, response, clock.now() - startedAt);
          return response;
        },
        serverInfo: {
          clusterName: options.machine.clusterName,
          statsUrlPrefix: options.statsUrlPrefix,
        },
        guard,
      },
      machine,
      leader: leading,
      origin: options.allowedOrigin,
      cronZone: options.machine.cron.zone,
      now: () => clock.now(),
      vars: () => {
        const vars = this.vars();
        const [rates, now] = [this.history.rates(vars), clock.now()];
        return new Map([
          ...vars,
          ...rates,
          ...slaVars.vars(machine, now),
          ...roomVars.vars(machine, now),
        ]);
      },
      history: this.history,
      diagnostics: {
        levels: process?.levels,
        quit: process?.quit,
        activeResources: process?.activeResources ?? (() => []),
        services: () => [{ name: 'scheduler', state: leading.state }],
      },
    });
  }

  /** Without those that take long to find. */
  private vars(): ReadonlyMap<string, number> {
    return auroraVars({
      machine: this.machine,
      counts: new Map([
        ...this.shell.counts,
        ...(this.webhook?.figures ?? []),
        ...this.recovery.figures,
        ...(this.ports.process?.figures() ?? []),
      ]),
      isSubscribed: this.isSubscribed,
      life: this.leading.state,
      uptimeSeconds: Math.floor((this.ports.clock.now() - this.startedAt) / 1_000),
    });
  }

  private countCall(call: MachineCall, response: Response, tookMs: number): void {
    const { method } = call;
    this.shell.count(`scheduler_thrift_${method}_events`);
    this.shell.count(`scheduler_thrift_${method}_nanos_total`, Math.round(tookMs * 1e6));
    this.shell.count(`scheduler_thrift_response_${response.responseCode}`);
    const workload = workloadOf(call, response);
    if (workload !== undefined) this.shell.count(`thrift_workload_${method}`, workload);
  }

  get app(): FastifyInstance {
    return this.http.app;
  }

  get address(): { readonly ip: string; readonly port: number } {
    return this.http.address;
  }

  get isSubscribed(): boolean {
    return this.subscription?.isSubscribed === true;
  }

  async start(): Promise<void> {
    this.state = 'starting';
    try {
      await this.leading.start(async () => {
        await this.http.listen();
        return { host: this.options.hostname, port: this.address.port };
      });
      this.state = 'running';
      this.history.start();
    } catch (thrown) {
      this.state = 'failed';
      await this.http.close();
      throw thrown;
    }
  }

  async stop(): Promise<void> {
    if (this.state === 'stopped' || this.state === 'stopping') return;
    this.state = 'stopping';
    this.history.stop();
    await this.http.close();
    await this.durable.flush();
    this.shell.stop();
    this.recovery.stop();
    await this.subscription?.stop();
    await this.leading.stop();
    this.state = 'stopped';
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  private async subscribe(): Promise<void> {
    const { options, ports, durable } = this;
    const subscription = new FrameworkSubscription(
      {
        master: options.master,
        framework: this.frameworkInfo(),
        credential: options.credential,
        suppresses: options.machine.offers.returnsUnused,
        // After its own questions the schedule of the flags asks.
        reconciliationIntervalMs: 'never',
      },
      this.handlers(),
      { ...ports, durable, frameworkIds: new FrameworkIdStore('aurora/') },
    );
    this.subscription = subscription;
    this.shell.attach(subscription);
    if (!options.machine.offers.returnsUnused || !this.machine.groups.isEmpty) {
      subscription.wantOffers(options.machine.mesosRole, true);
    }
    await subscription.start();
  }

  private handlers(): FrameworkHandlers {
    const handlers = this.shell.handlers();
    return {
      ...handlers,
      subscribed: (subscription) => {
        handlers.subscribed(subscription);
        this.leading.registered();
      },
    };
  }

  private frameworkInfo(): FrameworkInfo {
    const { framework, hostname, machine } = this.options;
    return {
      user: framework.user,
      name: framework.name,
      roles: [machine.mesosRole],
      failover_timeout: framework.failoverTimeoutSeconds,
      checkpoint: true,
      hostname,
      webui_url: `http://${hostname}:${this.address.port}/scheduler`,
      principal: framework.principal,
      capabilities: [
        { type: 'MULTI_ROLE' },
        ...(framework.isPartitionAware ? [{ type: 'PARTITION_AWARE' as const }] : []),
        ...(framework.usesRevocable ? [{ type: 'REVOCABLE_RESOURCES' as const }] : []),
        ...(framework.usesGpus ? [{ type: 'GPU_RESOURCES' as const }] : []),
      ],
    };
  }
}
