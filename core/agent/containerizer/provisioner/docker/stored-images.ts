/**
 * `storedImages` of the store: which layers each image has, kept over restarts. One record in the original's
 * format, replaced as a whole.
 */

import type { ImageReference } from '../../../../wire/types/docker.spec.ts';
import type {
  Images,
  Image as StoredImage,
} from '../../../../wire/types/mesos.internal.slave.docker.ts';
import { decodeRecord, encodeRecord } from '../../../checkpoint/records.ts';
import type { AgentFiles } from '../../../files-port.ts';
import { imageError } from '../store.ts';
import { formatReference } from './reference.ts';

const FILE = 'storedImages';
const MESSAGE = 'mesos.internal.slave.docker.Images';

export class StoredImages {
  private readonly files: AgentFiles;
  private readonly images = new Map<string, StoredImage>();

  /** `files` are those of the store. */
  constructor(files: AgentFiles) {
    this.files = files;
  }

  /** Throws when the file cannot be read; an empty one is what a crash leaves. */
  recover(): void {
    const bytes = this.files.read(FILE);
    if (bytes === undefined || bytes.length === 0) return;
    const decoded = decodeRecord(MESSAGE, bytes);
    if (!decoded.ok) throw imageError(`Failed to read images from '${FILE}': ${decoded.error}`);
    for (const image of decoded.value.images ?? []) {
      const name = formatReference(image.reference);
      if (!this.images.has(name)) this.images.set(name, image);
    }
  }

  get(reference: ImageReference): StoredImage | undefined {
    return this.images.get(formatReference(reference));
  }

  put(image: StoredImage): void {
    this.images.set(formatReference(image.reference), image);
    this.save();
  }

  /** Gives what is left. */
  keepOnly(names: ReadonlySet<string>): readonly StoredImage[] {
    const before = this.images.size;
    for (const name of [...this.images.keys()]) if (!names.has(name)) this.images.delete(name);
    if (this.images.size < before) this.save();
    return [...this.images.values()];
  }

  private save(): void {
    const images: Images = { images: [...this.images.values()] };
    this.files.write(FILE, encodeRecord(MESSAGE, images), true);
  }
}
