/**
 * What an app's form shows as rows: ports, health checks, volumes. A row keeps the members that the form
 * does not know. Pure.
 */
import {
  type Json,
  numberOrNone,
  recordIn,
  recordsIn,
  textIn,
} from '../../../core/webui/kit/reading.ts';
import { numberOf, setOrDrop } from './app-form.ts';

export interface RowField {
  readonly title: string;
  /** The texts that are possible; any where there are none. */
  readonly choices?: readonly string[];
  readonly read: (row: Json) => string;
  readonly enter: (row: Json, text: string) => Json;
}

export interface RowKind {
  /** Of one, and of all. */
  readonly name: string;
  readonly title: string;
  readonly fields: readonly RowField[];
  readonly list: (definition: Json) => readonly Json[];
  readonly put: (definition: Json, rows: readonly Json[]) => Json;
  readonly fresh: Json;
}

function withMember(row: Json, key: string, value: unknown): Json {
  const result: Record<string, unknown> = { ...row };
  setOrDrop(result, key, value);
  return result;
}

function textField(title: string, key: string): RowField {
  return {
    title,
    read: (row) => textIn(row, key),
    enter: (row, text) => withMember(row, key, text.trim() === '' ? undefined : text.trim()),
  };
}

function numberField(title: string, key: string): RowField {
  return {
    title,
    read: (row) => String(numberOrNone(row, key) ?? textIn(row, key)),
    enter: (row, text) => withMember(row, key, numberOf(text)),
  };
}

function choiceField(title: string, key: string, choices: readonly string[]): RowField {
  return {
    title,
    choices,
    read: (row) => textIn(row, key) || (choices[0] ?? ''),
    enter: (row, text) => withMember(row, key, text),
  };
}

/** Ports of the host are the app's own, others belong to its container. */
export function usesHost(definition: Json): boolean {
  const docker = recordIn(recordIn(definition, 'container'), 'docker');
  const network = textIn(docker, 'network');
  if (network !== '') return network === 'HOST';
  return recordsIn(definition, 'networks').every((each) => each['mode'] === 'host');
}

const PROTOCOLS = ['tcp', 'udp', 'udp,tcp'];

/** The number of a port has one name on the host and another in a container. */
function portKind(key: 'port' | 'containerPort'): Pick<RowKind, 'fields' | 'fresh'> {
  return {
    fields: [
      textField('Port name', 'name'),
      numberField(key === 'port' ? 'Port' : 'Container port', key),
      choiceField('Protocol', 'protocol', PROTOCOLS),
    ],
    fresh: { [key]: 0, protocol: 'tcp' },
  };
}

export function portsKind(definition: Json): RowKind {
  const named = { name: 'port', title: 'Ports' };
  if (usesHost(definition)) {
    return {
      ...named,
      ...portKind('port'),
      list: (each) => recordsIn(each, 'portDefinitions'),
      put: (each, rows) => ({ ...each, portDefinitions: rows }),
    };
  }
  return {
    ...named,
    ...portKind('containerPort'),
    list: (each) => recordsIn(recordIn(each, 'container'), 'portMappings'),
    put: (each, portMappings) => ({
      ...each,
      container: { ...containerIn(each), portMappings },
    }),
  };
}

/** The agent's own, where there is none yet. */
function containerIn(definition: Json): Json {
  return { type: 'MESOS', ...recordIn(definition, 'container') };
}

const CHECKS = ['HTTP', 'HTTPS', 'TCP', 'COMMAND', 'MESOS_HTTP', 'MESOS_HTTPS', 'MESOS_TCP'];

function targetOf(check: Json): string {
  return textIn(recordIn(check, 'command'), 'value') || textIn(check, 'path');
}

/** A command has no port, and only HTTP has a path. */
function checkOf(check: Json, protocol: string, target: string): Json {
  const result: Record<string, unknown> = { ...check, protocol };
  const isCommand = protocol === 'COMMAND';
  setOrDrop(result, 'command', isCommand ? { value: target } : undefined);
  const path = protocol.includes('HTTP') && target !== '' ? target : undefined;
  setOrDrop(result, 'path', path);
  if (isCommand) setOrDrop(result, 'portIndex', undefined);
  return result;
}

export const HEALTH_CHECKS: RowKind = {
  name: 'health check',
  title: 'Health checks',
  fields: [
    {
      title: 'Check by',
      choices: CHECKS,
      read: (check) => textIn(check, 'protocol') || 'HTTP',
      enter: (check, text) => checkOf(check, text, targetOf(check)),
    },
    {
      title: 'Path or command',
      read: targetOf,
      enter: (check, text) => checkOf(check, textIn(check, 'protocol') || 'HTTP', text.trim()),
    },
    numberField('Port index', 'portIndex'),
    numberField('Grace (s)', 'gracePeriodSeconds'),
    numberField('Interval (s)', 'intervalSeconds'),
    numberField('Timeout (s)', 'timeoutSeconds'),
    numberField('Failures', 'maxConsecutiveFailures'),
  ],
  list: (definition) => recordsIn(definition, 'healthChecks'),
  put: (definition, rows) =>
    withMember(definition, 'healthChecks', rows.length === 0 ? undefined : rows),
  fresh: { protocol: 'HTTP', path: '/', portIndex: 0 },
};

export const VOLUMES: RowKind = {
  name: 'volume',
  title: 'Volumes',
  fields: [
    textField('Container path', 'containerPath'),
    textField('Host path', 'hostPath'),
    {
      title: 'Size to keep (MiB)',
      read: (volume) => String(numberOrNone(recordIn(volume, 'persistent'), 'size') ?? ''),
      enter: (volume, text) => {
        const size = numberOf(text);
        const kept = recordIn(volume, 'persistent');
        return withMember(volume, 'persistent', size === undefined ? undefined : { ...kept, size });
      },
    },
    choiceField('Mode', 'mode', ['RW', 'RO']),
  ],
  list: (definition) => recordsIn(recordIn(definition, 'container'), 'volumes'),
  put: (definition, volumes) => ({
    ...definition,
    container: { ...containerIn(definition), volumes },
  }),
  fresh: { containerPath: '', mode: 'RW' },
};
