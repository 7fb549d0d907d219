/** Asks the leading master for the quota of roles, when somebody wants to know why nothing starts. */
import type { Clock } from '../../core/base/clock.ts';
import { seconds } from '../../core/base/duration.ts';
import { describeError } from '../../core/base/errors.ts';
import { err, ok, type Result } from '../../core/base/result.ts';
import type { HttpClient } from '../../core/net/ports.ts';
import { basicAuthorization, type SchedulerOptions } from '../../core/scheduler/index.ts';
import { type RoleQuota, readRoleQuotas } from './model/role-quota.ts';

const TIMEOUT_MS = seconds(2);
const BODY_MAX_BYTES = 16 * 1_024 * 1_024;

export interface MasterAccess {
  readonly clock: Clock;
  readonly http: HttpClient;
  /** With a slash at its end; undefined while no master is known. */
  readonly masterUrl: () => string | undefined;
  readonly credential: SchedulerOptions['credential'];
}

export class MasterQuotas {
  private readonly access: MasterAccess;
  private asked: Promise<Result<readonly RoleQuota[]>> | undefined;

  constructor(access: MasterAccess) {
    this.access = access;
  }

  /** Those who ask at the same time share one answer; the error says why there is none. */
  ask(): Promise<Result<readonly RoleQuota[]>> {
    this.asked ??= this.read().finally(() => {
      this.asked = undefined;
    });
    return this.asked;
  }

  private async read(): Promise<Result<readonly RoleQuota[]>> {
    const { clock, http, masterUrl, credential } = this.access;
    const base = masterUrl();
    if (base === undefined) return err('no master is known');
    const tooLong = new AbortController();
    const timer = clock.setTimer(TIMEOUT_MS, () => tooLong.abort());
    try {
      const response = await http.request({
        method: 'GET',
        url: `${base}roles`,
        headers: { accept: 'application/json', ...basicAuthorization(credential) },
        signal: tooLong.signal,
      });
      const text = await response.text(BODY_MAX_BYTES);
      if (response.status !== 200) return err(`the master answered ${response.status}`);
      const quotas = readRoleQuotas(JSON.parse(text));
      return quotas === undefined ? err('the master tells no limits of roles') : ok(quotas);
    } catch (thrown) {
      return err(`the master could not be asked: ${describeError(thrown)}`);
    } finally {
      timer.cancel();
    }
  }
}
