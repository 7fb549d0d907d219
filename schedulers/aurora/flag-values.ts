/** Values of flags that are more than one word: lists with commas, files of JSON. */
import { readFileSync } from 'node:fs';
import { describeError } from '../../core/base/errors.ts';
import { err, type Result } from '../../core/base/result.ts';

export function wordsOf(text: string): readonly string[] {
  return text.split(',').filter((word) => word !== '');
}

/** What `parse` makes of the file; a sentence that names the flag where it cannot be read. */
export function readJsonFlag<T>(
  name: string,
  path: string,
  parse: (file: unknown) => Result<T>,
): Result<T> {
  try {
    return parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (thrown) {
    return err(`Flag '${name}': ${describeError(thrown)}`);
  }
}
