/** Creating and changing a job: the usual fields, and all of them as JSON. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { showError, showNotice } from '../../../../core/webui/kit/alerts.tsx';
import { isJson, type Json, textIn, textsIn } from '../../../../core/webui/kit/reading.ts';
import { Breadcrumb, goTo } from '../../../../core/webui/kit/router.tsx';
import { readJob, saveJob } from '../api.ts';
import { jobNamed, jobsPoller } from '../jobs.ts';
import { refusalOf } from '../model.ts';
import { jobHref } from './jobs.tsx';

const HOUR_MS = 3_600_000;

export function NewPage({ isDependent }: { readonly isDependent: boolean }): JSX.Element {
  const hour = new Date((Math.floor(Date.now() / HOUR_MS) + 1) * HOUR_MS).toISOString();
  const first: Json = isDependent
    ? { name: '', command: '', parents: [] }
    : { name: '', command: '', schedule: `R/${hour}/PT24H` };
  return (
    <>
      <Breadcrumb>
        <a href="#/">Jobs</a> / new {isDependent ? 'dependent' : 'scheduled'} job
      </Breadcrumb>
      <JobForm first={first} isNew />
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
  return (
    <>
      <Breadcrumb>
        <a href="#/">Jobs</a> / <a href={jobHref(name)}>{name}</a> / edit
      </Breadcrumb>
      {!isKnown && <p class="quiet">There is no job of this name.</p>}
      {job !== undefined && <JobForm first={job} isNew={false} />}
    </>
  );
}

interface FormProps {
  readonly first: Json;
  readonly isNew: boolean;
}

function JobForm({ first, isNew }: FormProps): JSX.Element {
  const [job, setJob] = useState<Json>(first);
  const [text, setText] = useState<string | undefined>(undefined);
  const [isTried, setTried] = useState(false);
  const isDependent = 'parents' in job;
  const badJson =
    text !== undefined && parsed(text) === undefined ? 'This is no JSON object' : undefined;
  const problem = badJson ?? refusalOf(job);
  const set = (key: string, value: unknown): void => {
    setText(undefined);
    setJob({ ...job, [key]: value });
  };
  const save = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (problem !== undefined) return;
    const name = textIn(job, 'name');
    saveJob(job).then(() => {
      showNotice(`${name} was saved`);
      jobsPoller.refresh();
      goTo(jobHref(name));
    }, showError);
  };
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
    <form class="job card" onSubmit={save} noValidate>
      {field('name', 'Name', !isNew)}
      {isDependent ? (
        <ParentsField job={job} onChange={(parents) => set('parents', parents)} />
      ) : (
        <>
          {field('schedule', 'Schedule: R[n]/start/period, or cron and five fields')}
          {field('scheduleTimeZone', 'Time zone')}
        </>
      )}
      {field('command', 'Command')}
      <div class="numbers">
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
      <label>
        When a start finds a run alive
        <select
          name="overlap"
          value={job['concurrent'] === true ? 'concurrent' : textIn(job, 'overlap')}
          onChange={({ currentTarget }) => {
            setText(undefined);
            setJob(withOverlap(job, currentTarget.value));
          }}
        >
          <option value="">it waits</option>
          <option value="queue">it waits, and says so</option>
          <option value="skip">it is skipped</option>
          <option value="replace">it replaces that run</option>
          <option value="concurrent">it runs beside it</option>
        </select>
      </label>
      <label class="check">
        <input
          type="checkbox"
          name="disabled"
          checked={job['disabled'] === true}
          onChange={({ currentTarget }) => set('disabled', currentTarget.checked)}
        />
        Disabled
      </label>
      <details>
        <summary>Everything, as JSON: container, environment, fetch, constraints...</summary>
        <label>
          <span class="hidden">Job as JSON</span>
          <textarea
            name="json"
            spellcheck={false}
            value={text ?? JSON.stringify(job, undefined, 2)}
            onInput={({ currentTarget }) => {
              const { value } = currentTarget;
              setText(value);
              setJob(parsed(value) ?? job);
            }}
          />
        </label>
      </details>
      {isTried && problem !== undefined && (
        <p class="bad" role="alert">
          {problem}
        </p>
      )}
      <div class="actions">
        <button type="submit" class="primary">
          Save
        </button>
        <a class="button" href={isNew ? '#/' : jobHref(textIn(job, 'name'))}>
          Cancel
        </a>
      </div>
    </form>
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

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJson(value) ? value : undefined;
  } catch {
    // Half-typed JSON: the form says so.
    return undefined;
  }
}
