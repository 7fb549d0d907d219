/**
 * The cluster wants an agent back (spec aurora-scheduler, section 8): that is always agreed to, and tasks leave the
 * agent when its time is near. The master asks again and again, so that nothing of it has to be kept.
 */
import type { InverseOffer } from '../../../core/wire/types/mesos.v1.ts';
import { drainableOn, drainTask, NO_POLICY } from './maintenance-calls.ts';
import { timeOf } from './offer-book.ts';
import type { SlaKills } from './sla-kills.ts';
import type { Turn } from './turn.ts';

export function answerInverseOffer(
  turn: Turn,
  { id, url, unavailability }: InverseOffer,
  { slaKills }: { readonly slaKills: SlaKills },
): void {
  turn.count('scheduler_inverse_offers');
  turn.act({ kind: 'accept-inverse-offers', offerIds: [id.value] });
  const isNear = turn.now > timeOf(unavailability) - turn.settings.unavailabilityThresholdMs;
  const host = url?.address.hostname;
  if (!isNear || host === undefined) return;
  for (const task of drainableOn(turn, host)) {
    slaKills.request(turn, task, {
      policy: task.assignedTask.task.slaPolicy ?? NO_POLICY,
      isWanted: () => true,
      carryOut: drainTask,
      repeats: false,
    });
  }
}
