/** Bytes or JSON that are no message of the description. Never leaves this folder: it becomes a refusal. */
export class MalformedThrift extends Error {
  override readonly name = 'MalformedThrift';
}
