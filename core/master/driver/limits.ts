/** Messages of registered drivers on their way through the rate limits, and their counts. */
import type { Upid } from '../../net/ports.ts';
import { formatUpid } from '../../wire/upid.ts';
import type { MasterContext } from '../context.ts';
import type { DriverRequest } from './decode.ts';
import { driverExited, driverRequest } from './requests.ts';
import { frameworkError } from './subscribe.ts';

export function limitedDriverRequest(
  context: MasterContext,
  from: Upid,
  request: DriverRequest,
): void {
  const framework = context.state.frameworksByPid.get(formatUpid(from));
  if (framework === undefined) {
    driverRequest(context, from, request);
    return;
  }
  const { principal } = framework.info;
  const { driverMessages } = context.state;
  driverMessages.count(principal, 'received');
  const overflow = context.throttle.pass(principal, context.now, () => {
    driverRequest(context, from, request);
    driverMessages.count(principal, 'processed');
  });
  if (overflow === undefined) return;
  const text = `Message ${request.message} dropped: capacity(${overflow.capacity}) exceeded`;
  context.count('dropped_messages');
  context.log('warn', { from: formatUpid(from), principal }, text);
  // The driver aborts; its tasks go on.
  frameworkError(context, from, text);
}

/** What the driver has sent before is heard first. */
export function limitedDriverExit(context: MasterContext, pid: Upid): void {
  const framework = context.state.frameworksByPid.get(formatUpid(pid));
  if (framework === undefined) return;
  const { principal } = framework.info;
  context.throttle.passExit(principal, context.now, () => driverExited(context, pid));
}
