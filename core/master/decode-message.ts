/** Bytes of peers' messages to the machine's inputs: agents' and drivers'. */
import { err, ok, type Result } from '../base/result.ts';
import type { Envelope } from '../net/ports.ts';
import { decodeAgentMessage } from './agent-messages.ts';
import { decodeDriverRequest } from './driver/decode.ts';
import type { MasterInput } from './effects.ts';

export function decodeInput({ name, from, body }: Envelope): Result<MasterInput> {
  const content = decodeAgentMessage(name, body);
  if (content !== undefined) {
    return content.ok ? ok({ kind: 'message', from, content: content.value }) : content;
  }
  const request = decodeDriverRequest(name, body);
  if (request === undefined) return err('its name is unknown');
  return request.ok ? ok({ kind: 'driver', from, request: request.value }) : request;
}
