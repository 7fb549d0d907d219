/** The JSON of jobs, kept per job: a list of 100,000 is put together from texts made before. */
import { RawJson, writeJson } from '../../../core/wire/json-text.ts';
import type { Job } from '../job.ts';
import { encodeJob, type JobShape } from '../job-encode.ts';

export class JobTexts {
  /** By shape, then by job: a job is an immutable value, a changed one is another key. */
  private readonly texts = new Map<string, WeakMap<Job, RawJson>>();

  of(job: Job, shape: JobShape): RawJson {
    const key = `${shape.fillsFetch} ${shape.isVersion2}`;
    const known = this.texts.get(key) ?? new WeakMap<Job, RawJson>();
    this.texts.set(key, known);
    const text = known.get(job) ?? new RawJson(writeJson(encodeJob(job, shape)));
    known.set(job, text);
    return text;
  }
}
