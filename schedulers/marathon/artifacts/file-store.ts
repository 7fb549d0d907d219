/** Artifacts as files of one directory (spec marathon-rest, section 13.2). */
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { errorCode } from '../../../core/base/errors.ts';
import { err, ok, type Result } from '../../../core/base/result.ts';

export interface Artifact {
  readonly bytes: Buffer;
  readonly modifiedAt: Date;
}

/** Below the store's directory, no segment empty or of dots. */
export type ArtifactPath = string & { readonly __artifactPath: true };

export class FileArtifacts {
  /** Without a slash at its end. */
  readonly url: string;
  private readonly directory: string;
  private uploadCount = 0;

  private constructor(url: string, directory: string) {
    this.url = url;
    this.directory = directory;
  }

  /** Takes `file:///directory`; other kinds of stores are not built. */
  static open(url: string): Result<FileArtifacts> {
    if (!URL.canParse(url) || new URL(url).protocol !== 'file:') {
      return err(`Flag 'artifact_store' is '${url}', expected file:///directory`);
    }
    return ok(new FileArtifacts(url.replace(/\/+$/, ''), fileURLToPath(url)));
  }

  urlOf(path: ArtifactPath): string {
    return `${this.url}/${path}`;
  }

  async has(path: ArtifactPath): Promise<boolean> {
    const found = await stat(this.fileOf(path)).catch(nothingThere);
    return found?.isFile() === true;
  }

  async read(path: ArtifactPath): Promise<Artifact | undefined> {
    const file = this.fileOf(path);
    const found = await stat(file).catch(nothingThere);
    if (found?.isFile() !== true) return undefined;
    return { bytes: await readFile(file), modifiedAt: found.mtime };
  }

  /** Readers see the old bytes or the new ones. True when there were none before. */
  async write(path: ArtifactPath, bytes: Uint8Array): Promise<boolean> {
    const file = this.fileOf(path);
    const isNew = !(await this.has(path));
    await mkdir(dirname(file), { recursive: true });
    this.uploadCount += 1;
    const part = `${file}.part-${this.uploadCount}`;
    try {
      await writeFile(part, bytes);
      await rename(part, file);
    } catch (thrown) {
      await rm(part, { force: true });
      throw thrown;
    }
    return isNew;
  }

  async remove(path: ArtifactPath): Promise<void> {
    await rm(this.fileOf(path), { force: true, recursive: true });
  }

  private fileOf(path: ArtifactPath): string {
    return join(this.directory, path);
  }
}

export function artifactPath(text: string): ArtifactPath | undefined {
  const segments = text.split('/').filter((segment) => segment !== '');
  const isPlain = segments.every((each) => each !== '.' && each !== '..' && !each.includes('\0'));
  if (segments.length === 0 || !isPlain) return undefined;
  return segments.join('/') as ArtifactPath;
}

function nothingThere(thrown: unknown): undefined {
  const code = errorCode(thrown);
  if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
  throw thrown;
}
