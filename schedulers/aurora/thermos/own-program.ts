/** How this program starts itself again as another part. */
import { defined } from '../../../core/base/assert.ts';

/** The words in front of the name of the part. */
export function ownProgram(): readonly string[] {
  const entry = defined(process.argv[1], 'the path of the program');
  return [process.execPath, ...process.execArgv, entry];
}
