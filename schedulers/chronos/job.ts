/** The definition of a job with its statistics, as stored and shown (spec chronos, section 2). */

export interface JobFetch {
  readonly uri: string;
  readonly executable: boolean;
  readonly cache: boolean;
  readonly extract: boolean;
  readonly outputFile: string;
}

export interface NameValue {
  readonly name: string;
  readonly value: string;
}

export interface KeyValue {
  readonly key: string;
  readonly value: string;
}

export interface ContainerVolume {
  readonly containerPath: string;
  readonly hostPath: string | undefined;
  readonly mode: 'RW' | 'RO' | undefined;
  readonly external:
    | { readonly name: string; readonly provider: string; readonly options: readonly KeyValue[] }
    | undefined;
}

export interface ContainerNetwork {
  readonly name: string;
  readonly protocol: 'IPv4' | 'IPv6' | undefined;
  readonly labels: readonly KeyValue[];
  readonly portMappings: readonly {
    readonly hostPort: string;
    readonly containerPort: string;
    readonly protocol: string | undefined;
  }[];
}

export interface JobContainer {
  readonly type: 'DOCKER' | 'MESOS';
  readonly image: string;
  readonly network: 'BRIDGE' | 'HOST' | 'USER';
  readonly networkName: string | undefined;
  readonly networkInfos: readonly ContainerNetwork[];
  readonly volumes: readonly ContainerVolume[];
  readonly forcePullImage: boolean;
  readonly parameters: readonly KeyValue[];
}

export interface JobConstraint {
  readonly attribute: string;
  readonly operator: 'EQUALS' | 'LIKE' | 'UNLIKE';
  readonly value: string;
}

/** What starts a job: time, or the success of other jobs. */
export type JobTrigger =
  | {
      readonly kind: 'schedule';
      /** The next run once the job was launched; before that exactly the posted text. */
      readonly schedule: string;
      readonly timeZone: string;
      /** Cron only: starts up to then are done with. */
      readonly cronAfter?: number;
    }
  | { readonly kind: 'parents'; readonly parents: readonly string[] };

export const OVERLAPS = ['skip', 'queue', 'replace'] as const;

/** `queue` waits as the original does, `skip` is noted as missed, `replace` kills what is alive. */
export type Overlap = (typeof OVERLAPS)[number];

export interface Job {
  readonly name: string;
  readonly command: string;
  readonly shell: boolean;
  readonly arguments: readonly string[];
  readonly executor: string;
  readonly executorFlags: string;
  readonly taskInfoData: string;
  readonly retries: number;
  readonly owner: string;
  readonly ownerName: string;
  readonly description: string;
  /** Megabytes for `mem` and `disk`. */
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  readonly disabled: boolean;
  readonly concurrent: boolean;
  /** What becomes of a start while a task is alive; undefined is the original's rule: it waits. */
  readonly overlap: Overlap | undefined;
  readonly softError: boolean;
  readonly dataProcessingJobType: boolean;
  readonly highPriority: boolean;
  readonly runAsUser: string;
  /** Seconds; 0 for no limit. */
  readonly maxCompletionTime: number;
  readonly uris: readonly string[];
  readonly fetch: readonly JobFetch[];
  readonly environmentVariables: readonly NameValue[];
  readonly constraints: readonly JobConstraint[];
  readonly container: JobContainer | undefined;
  readonly successCount: number;
  readonly errorCount: number;
  readonly errorsSinceLastSuccess: number;
  /** ISO instants, or empty. */
  readonly lastSuccess: string;
  readonly lastError: string;
  readonly trigger: JobTrigger;
  /** As posted; only 2.x clients give and see these two. */
  readonly epsilon: string | undefined;
  readonly async: boolean | undefined;
}

/** Values for what a posted job leaves out. */
export interface JobDefaults {
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  readonly user: string;
}

export type JobOutcome = 'fresh' | 'success' | 'failure';

/** The last outcome, as in the graph and the summary (section 4.2.13). */
export function lastOutcome(job: Job): JobOutcome {
  if (job.lastSuccess === '' && job.lastError === '') return 'fresh';
  if (job.lastSuccess === '') return 'failure';
  if (job.lastError === '') return 'success';
  return job.lastSuccess > job.lastError ? 'success' : 'failure';
}
