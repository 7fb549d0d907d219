/**
 * What we say we are. Clients and peers compare the version with the features they need, so it is
 * the level of the original that we are compatible with (spec operator-api, head).
 */
import { double, type JsonObject } from '../wire/json-text.ts';
import type { VersionInfo } from '../wire/types/mesos.v1.ts';

export const VERSION = '1.12.0';

const BUILD_DATE = '2024-08-23 18:59:00';
const BUILD_TIME_SECONDS = 1_724_439_540;
const BUILD_USER = 'orrery';

/** Keys in the order of `/state`. */
export function buildFields(): JsonObject {
  return {
    build_date: BUILD_DATE,
    build_time: double(BUILD_TIME_SECONDS),
    build_user: BUILD_USER,
  };
}

/** The document of `/version`. */
export function versionDocument(): JsonObject {
  return { ...buildFields(), version: VERSION };
}

export function versionInfo(): VersionInfo {
  return {
    version: VERSION,
    build_date: BUILD_DATE,
    build_time: BUILD_TIME_SECONDS,
    build_user: BUILD_USER,
  };
}
