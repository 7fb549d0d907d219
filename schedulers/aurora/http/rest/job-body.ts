/**
 * A job as a JSON object with the attributes that `Job` has in `.aurora` files: the same struct, the same
 * defaults, checks and texts (spec aurora, sections 3 and 4). It sees no files and no environment.
 */
import { assert } from '../../../../core/base/assert.ts';
import { err, type Result } from '../../../../core/base/result.ts';
import type { Surroundings } from '../../config/interpreter/surroundings.ts';
import { checkJob } from '../../config/job-checks.ts';
import { type ConvertedJob, convertJob } from '../../config/job-configuration.ts';
import { loadJson } from '../../config/loader.ts';

const DOCUMENT = 'the body';

export interface JobBodyContext {
  readonly user: string;
  /** Taken for attributes that the job leaves out: the cluster, the key in the path. */
  readonly defaults: Readonly<Record<string, string>>;
}

export function readJobBody(body: unknown, context: JobBodyContext): Result<ConvertedJob> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return err('A job is a JSON object');
  }
  const text = JSON.stringify({ ...context.defaults, ...body });
  const loaded = loadJson(DOCUMENT, { surroundings: seeingOnly(text, context.user) });
  if (!loaded.ok) return err(lastLine(loaded.error));
  const [job] = loaded.value.jobs;
  if (job === undefined) return err('A job is a JSON object');
  const converted = convertJob(job, { user: context.user, calls: loaded.value.calls });
  if (!converted.ok) return converted;
  const { errors } = checkJob(converted.value.data);
  return errors.length > 0 ? err(errors.join('\n')) : converted;
}

function seeingOnly(text: string, user: string): Surroundings {
  return {
    read: (path) => (path === DOCUMENT ? Buffer.from(text) : undefined),
    environment: () => undefined,
    userName: () => user,
    workingDirectory: () => '/',
    nowSeconds: () => 0,
    digest: () => {
      assert(false, 'a JSON document calls no functions');
      return '';
    },
  };
}

/** Of a traceback: what went wrong. */
function lastLine(traceback: string): string {
  return traceback.slice(traceback.lastIndexOf('\n') + 1);
}
