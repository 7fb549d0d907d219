/**
 * `--resource_estimator` and `--qos_controller` (spec agent-runtime, section 12): known by the names of
 * the original's modules, which `--modules` may list with their parameters as ever.
 */
import type { DurationMs } from '../base/duration.ts';
import { err, ok, type Result } from '../base/result.ts';
import { FIXED_ESTIMATOR, LOAD_CONTROLLER } from '../modules/built-in.ts';
import type { ModuleParameter } from '../modules/types.ts';
import type { Resources } from '../resources/arithmetic.ts';
import { parseResourceText } from '../resources/parse.ts';

export interface ResourceEstimator {
  /** Revocable; as much of it as no container uses is idle. */
  readonly resources: Resources;
}

export interface QosController {
  /** Infinite where none was given. */
  readonly loadThreshold5min: number;
  readonly loadThreshold15min: number;
  readonly intervalMs: DurationMs;
}

export interface OversubscriptionOptions {
  /** Undefined: nothing is offered twice. */
  readonly resourceEstimator: ResourceEstimator | undefined;
  readonly oversubscribedResourcesIntervalMs: DurationMs;
  /** Undefined: nothing is taken back. */
  readonly qosController: QosController | undefined;
}

type ParametersOf = (module: string) => readonly ModuleParameter[];

export function compileOversubscription(
  flags: {
    readonly resource_estimator: string | undefined;
    readonly qos_controller: string | undefined;
    readonly oversubscribed_resources_interval: DurationMs;
    readonly qos_correction_interval_min: DurationMs;
  },
  parametersOf: ParametersOf,
): Result<OversubscriptionOptions> {
  const estimator = compileEstimator(flags.resource_estimator, parametersOf);
  if (!estimator.ok) return estimator;
  const { qos_controller, qos_correction_interval_min } = flags;
  const qos = compileQosController(qos_controller, qos_correction_interval_min, parametersOf);
  if (!qos.ok) return qos;
  return ok({
    resourceEstimator: estimator.value,
    oversubscribedResourcesIntervalMs: flags.oversubscribed_resources_interval,
    qosController: qos.value,
  });
}

function compileEstimator(
  name: string | undefined,
  parametersOf: ParametersOf,
): Result<ResourceEstimator | undefined> {
  if (name === undefined) return ok(undefined);
  const failed = 'Failed to create resource estimator';
  if (name !== FIXED_ESTIMATOR) return err(`${failed}: '${name}' is not ${FIXED_ESTIMATOR}`);
  const values = valuesOf(name, parametersOf, ['resources']);
  if (!values.ok) return values;
  const text = values.value.get('resources');
  if (text === undefined) return err(`${failed}: ${name} needs the parameter 'resources'`);
  const resources = parseResourceText(text);
  if (!resources.ok) return err(`${failed}: ${resources.error}`);
  return ok({ resources: resources.value.map((each) => ({ ...each, revocable: {} })) });
}

function compileQosController(
  name: string | undefined,
  intervalMs: DurationMs,
  parametersOf: ParametersOf,
): Result<QosController | undefined> {
  if (name === undefined) return ok(undefined);
  const failed = 'Failed to create QoS Controller';
  if (name !== LOAD_CONTROLLER) return err(`${failed}: '${name}' is not ${LOAD_CONTROLLER}`);
  const keys = ['load_threshold_5min', 'load_threshold_15min'] as const;
  const values = valuesOf(name, parametersOf, keys);
  if (!values.ok) return values;
  const [short, long] = keys.map((key) => {
    const text = values.value.get(key);
    return text === undefined ? Number.POSITIVE_INFINITY : Number(text.trim() || Number.NaN);
  });
  if (short === undefined || long === undefined || Number.isNaN(short) || Number.isNaN(long)) {
    return err(`${failed}: the load thresholds of ${name} must be numbers`);
  }
  if (short === Number.POSITIVE_INFINITY && long === Number.POSITIVE_INFINITY) {
    return err(`${failed}: ${name} needs the parameter '${keys[0]}' or '${keys[1]}'`);
  }
  return ok({ loadThreshold5min: short, loadThreshold15min: long, intervalMs });
}

function valuesOf(
  name: string,
  parametersOf: ParametersOf,
  known: readonly string[],
): Result<ReadonlyMap<string, string>> {
  const values = new Map(parametersOf(name).map(({ key, value }) => [key, value]));
  const unknown = [...values.keys()].find((key) => !known.includes(key));
  return unknown === undefined ? ok(values) : err(`${name} has no parameter '${unknown}'`);
}
