/** Creating and changing a job: the usual fields, all of them as JSON, and what changes. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { showError, showNotice } from '../../../../core/webui/kit/alerts.tsx';
import {
  DefinitionDialog,
  type UpdateDefinition,
} from '../../../../core/webui/kit/definition-dialog.tsx';
import { type Json, textIn, textsIn } from '../../../../core/webui/kit/reading.ts';
import { Breadcrumb, goTo } from '../../../../core/webui/kit/router.tsx';
import { readJob, saveJob } from '../api.ts';
import { jobNamed, jobsPoller } from '../jobs.ts';
import { refusalOf } from '../model.ts';
import { jobHref } from './jobs.tsx';

const HOUR_MS = 3_600_000;

export function NewPage({ isDependent }: { readonly isDependent: boolean }): JSX.Element {
  const kind = isDependent ? 'dependent' : 'scheduled';
  const hour = new Date((Math.floor(Date.now() / HOUR_MS) + 1) * HOUR_MS).toISOString();
  const suggested: Json = isDependent
    ? { name: '', command: '', parents: [] }
    : { name: '', command: '', schedule: `R/${hour}/PT24H` };
  return (
    <>
      <Breadcrumb>
        <a href="#/">Jobs</a> / new {kind} job
      </Breadcrumb>
      <JobEditor title={`New ${kind} job`} before={undefined} suggested={suggested} back="#/" />
    </>
  );
}

export function EditPage({ name }: { readonly name: string }): JSX.Element {
  const [job, setJob] = useState<Json | undefined>(undefined);
  const row = jobNamed(name);
  const isListed = row !== undefined;
  // Read once: what somebody types must not be overwritten by an answer.
  useEffect(() => {
    if (isListed) readJob(name, row.epsilon).then(setJob, showError);
  }, [name, isListed]);
  const isKnown = jobsPoller.value.value === undefined || isListed;
  const back = jobHref(name);
  return (
    <>
      <Breadcrumb>
        <a href="#/">Jobs</a> / <a href={back}>{name}</a> / edit
      </Breadcrumb>
      {!isKnown && <p class="quiet">There is no job of this name.</p>}
      {job !== undefined && (
        <JobEditor title={`Edit ${name}`} before={job} suggested={job} back={back} />
      )}
    </>
  );
}

interface EditorProps {
  readonly title: string;
  readonly before: Json | undefined;
  readonly suggested: Json;
  /** Where it goes when nothing was saved. */
  readonly back: string;
}

function JobEditor({ title, before, suggested, back }: EditorProps): JSX.Element {
  const next = useRef(back);
  return (
    <DefinitionDialog
      title={title}
      action="Save"
      before={before}
      suggested={suggested}
      check={(job) => {
        const refusal = refusalOf(job);
        return refusal === undefined ? [] : [refusal];
      }}
      send={async (job) => {
        await saveJob(job);
        const name = textIn(job, 'name');
        showNotice(`${name} was saved`);
        jobsPoller.refresh();
        next.current = jobHref(name);
      }}
      onClose={() => goTo(next.current)}
      form={(job, update) => <JobForm job={job} isNew={before === undefined} update={update} />}
    />
  );
}

interface FormProps {
  readonly job: Json;
  readonly isNew: boolean;
  readonly update: UpdateDefinition;
}

function JobForm({ job, isNew, update }: FormProps): JSX.Element {
  const set = (key: string, value: unknown): void =>
    update((current) => ({ ...current, [key]: value }));
  const field = (key: string, label: string, isLocked = false): JSX.Element => (
    <label>
      {label}
      <input
        name={key}
        value={textIn(job, key)}
        readOnly={isLocked}
        onInput={({ currentTarget }) => set(key, currentTarget.value)}
      />
    </label>
  );
  return (
    <>
      {field('name', 'Name', !isNew)}
      {'parents' in job ? (
        <ParentsField job={job} onChange={(parents) => set('parents', parents)} />
      ) : (
        <>
          {field('schedule', 'Schedule: R[n]/start/period, or cron and five fields')}
          {field('scheduleTimeZone', 'Time zone')}
        </>
      )}
      {field('command', 'Command')}
      <div class="row">
        {NUMBERS.map(([key, label]) => (
          <NumberField
            key={key}
            job={job}
            name={key}
            label={label}
            onChange={(at) => set(key, at)}
          />
        ))}
      </div>
      {field('owner', 'Owner, mail addresses with commas')}
      {field('description', 'Description')}
      <OverlapField job={job} update={update} />
      <label class="check">
        <input
          type="checkbox"
          name="disabled"
          checked={job['disabled'] === true}
          onChange={({ currentTarget }) => set('disabled', currentTarget.checked)}
        />
        Disabled
      </label>
    </>
  );
}

function OverlapField({ job, update }: Omit<FormProps, 'isNew'>): JSX.Element {
  return (
    <label>
      When a start finds a run alive
      <select
        name="overlap"
        value={job['concurrent'] === true ? 'concurrent' : textIn(job, 'overlap')}
        onChange={({ currentTarget }) => {
          const { value } = currentTarget;
          update((current) => withOverlap(current, value));
        }}
      >
        <option value="">it waits</option>
        <option value="queue">it waits, and says so</option>
        <option value="skip">it is skipped</option>
        <option value="replace">it replaces that run</option>
        <option value="concurrent">it runs beside it</option>
      </select>
    </label>
  );
}

const NUMBERS = [
  ['cpus', 'CPUs'],
  ['mem', 'Memory, MB'],
  ['disk', 'Disk, MB'],
  ['retries', 'Retries'],
] as const;

interface NumberProps {
  readonly job: Json;
  readonly name: string;
  readonly label: string;
  readonly onChange: (value: number | undefined) => void;
}

function NumberField({ job, name, label, onChange }: NumberProps): JSX.Element {
  const value = job[name];
  return (
    <label>
      {label}
      <input
        name={name}
        type="number"
        min="0"
        step="any"
        value={typeof value === 'number' ? value : ''}
        onInput={({ currentTarget }) => {
          onChange(currentTarget.value === '' ? undefined : currentTarget.valueAsNumber);
        }}
      />
    </label>
  );
}

interface ParentsProps {
  readonly job: Json;
  readonly onChange: (parents: readonly string[]) => void;
}

function ParentsField({ job, onChange }: ParentsProps): JSX.Element {
  const parents = textsIn(job, 'parents');
  const others = (jobsPoller.value.value?.jobs ?? []).filter(
    ({ name }) => name !== job['name'] && !parents.includes(name),
  );
  const [typed, setTyped] = useState('');
  const take = (name: string): void => {
    setTyped('');
    onChange([...parents, name]);
  };
  return (
    <fieldset>
      <legend>Parents</legend>
      {parents.map((name) => (
        <button
          type="button"
          key={name}
          aria-label={`Remove parent ${name}`}
          onClick={() => onChange(parents.filter((each) => each !== name))}
        >
          {name} ×
        </button>
      ))}
      <label>
        Add a parent
        <input
          name="parent"
          list="job-names"
          value={typed}
          onInput={({ currentTarget }) => {
            const { value } = currentTarget;
            if (others.some(({ name }) => name === value)) take(value);
            else setTyped(value);
          }}
        />
      </label>
      <datalist id="job-names">
        {others
          .filter(({ name }) => name.includes(typed))
          .slice(0, 50)
          .map(({ name }) => (
            <option key={name} value={name} />
          ))}
      </datalist>
    </fieldset>
  );
}

function withOverlap(job: Json, chosen: string): Json {
  const { overlap: _, ...rest } = job;
  const concurrent = chosen === 'concurrent';
  return concurrent || chosen === ''
    ? { ...rest, concurrent }
    : { ...rest, concurrent, overlap: chosen };
}
