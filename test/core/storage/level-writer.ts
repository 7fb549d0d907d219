/** Child of `level.test.ts`: writes for ever, prints each key when its write is acknowledged. */
import { writeSync } from 'node:fs';
import { openLevelStorage } from '../../../core/storage/level.ts';

const [path = '', round = '0'] = process.argv.slice(2);
const storage = await openLevelStorage(path);

async function writeOn(lane: number): Promise<void> {
  for (let at = 0; ; at += 1) {
    const key = `${round}/${lane}/${at}`;
    await storage.write([{ kind: 'put', key, value: new Uint8Array(100) }]);
    writeSync(1, `${key}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(writeOn));
