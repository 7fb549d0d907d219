import { MemoryStorage } from '../../../core/storage/memory.ts';
import { testStorage } from './conformance.ts';

testStorage('memory', async () => {
  const storage = new MemoryStorage();
  return { storage, end: () => storage.close() };
});
