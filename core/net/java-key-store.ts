/**
 * Key stores in the format of Java's own provider, JKS. Everything is big-endian; texts are a length of
 * two bytes and UTF-8.
 *
 *   store   := feedfeed version(4) count(4) entry* digest(20)
 *   entry   := 1 alias date(8) length(4) protected-key count(4) certificate*  |  2 alias date(8) certificate
 *   certificate := type length(4) bytes               (`type` only in version 2)
 *   digest  := SHA-1(password, "Mighty Aphrodite", all before it)
 *
 * The protected key is a PKCS8 EncryptedPrivateKeyInfo of an algorithm of its own: salt(20), the key with a
 * stream of SHA-1(password, the block before) over it, and SHA-1(password, key). Passwords are UTF-16 here.
 */
import { createHash, createPrivateKey, timingSafeEqual, X509Certificate } from 'node:crypto';
import { err, ok, type Result } from '../base/result.ts';

/** PEM texts, as TLS takes them. */
export interface KeyAndCertificates {
  readonly key: string;
  /** Its own certificate first, then those of who signed it. */
  readonly cert: string;
}

const MAGIC = 0xfeedfeed;
const KEY_ENTRY = 1;
const CERTIFICATE_ENTRY = 2;
const DIGEST_BYTES = 20;
const WHITENER = 'Mighty Aphrodite';
/** The object identifier 1.3.6.1.4.1.42.2.17.1.1, of the key protector. */
const PROTECTOR = Buffer.from('060a2b060104012a02110101', 'hex');

const BAD_FORMAT = 'Invalid keystore format';
const BAD_PASSWORD = 'Keystore was tampered with, or password was incorrect';
const BAD_KEY = 'Cannot recover key';

export function isJavaKeyStore(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32BE(0) === MAGIC;
}

/** The first key in the store, which must have the store's password; errors are Java's sentences. */
export function readJavaKeyStore(bytes: Buffer, password: string): Result<KeyAndCertificates> {
  const end = bytes.length - DIGEST_BYTES;
  if (!isJavaKeyStore(bytes) || end < 12) return err(BAD_FORMAT);
  const secret = Buffer.from(password, 'utf16le').swap16();
  const content = bytes.subarray(0, end);
  const digest = sha1(secret, Buffer.from(WHITENER), content);
  if (!timingSafeEqual(digest, bytes.subarray(end))) return err(BAD_PASSWORD);
  const entry = firstKey(new Reader(content));
  if (entry === undefined) return err(BAD_FORMAT);
  if (entry === 'none') return err('there is no private key in it');
  const key = unprotect(entry.key, secret);
  if (key === undefined) return err(BAD_KEY);
  try {
    return ok({
      key: createPrivateKey({ key, format: 'der', type: 'pkcs8' })
        .export({ format: 'pem', type: 'pkcs8' })
        .toString(),
      cert: entry.chain.map((each) => new X509Certificate(each).toString()).join(''),
    });
  } catch {
    // The digests fit, so that Java wrote it so: an algorithm that only Java knows.
    return err(BAD_KEY);
  }
}

interface KeyEntry {
  readonly key: Buffer;
  readonly chain: readonly Buffer[];
}

/** Undefined when the content is not as it should be, `none` when there are certificates only. */
function firstKey(content: Reader): KeyEntry | 'none' | undefined {
  content.skip(4);
  const version = content.number(4);
  if (version !== 1 && version !== 2) return undefined;
  const count = content.number(4);
  for (let seen = 0; seen < count && !content.isBroken; seen += 1) {
    const tag = content.number(4);
    content.block(2);
    content.skip(8);
    if (tag === CERTIFICATE_ENTRY) readCertificate(content, version);
    else if (tag === KEY_ENTRY) {
      const key = content.block(4);
      const length = content.number(4);
      const chain: Buffer[] = [];
      // What is broken ends here, whatever length it claims.
      while (chain.length < length && !content.isBroken) {
        chain.push(readCertificate(content, version));
      }
      return content.isBroken ? undefined : { key, chain };
    } else return undefined;
  }
  return content.isBroken ? undefined : 'none';
}

function readCertificate(content: Reader, version: number): Buffer {
  if (version === 2) content.block(2);
  return content.block(4);
}

/** Undefined with another password than the key's, or another protector than the one there is. */
function unprotect(protectedKey: Buffer, secret: Buffer): Buffer | undefined {
  const info = new Reader(new Reader(protectedKey).element());
  const algorithm = info.element();
  const data = info.element();
  const length = data.length - 2 * DIGEST_BYTES;
  if (info.isBroken || length < 0 || !algorithm.subarray(0, PROTECTOR.length).equals(PROTECTOR)) {
    return undefined;
  }
  const key = Buffer.alloc(length);
  let block = data.subarray(0, DIGEST_BYTES);
  for (let at = 0; at < length; at += 1) {
    if (at % DIGEST_BYTES === 0) block = sha1(secret, block);
    key[at] = (data[DIGEST_BYTES + at] ?? 0) ^ (block[at % DIGEST_BYTES] ?? 0);
  }
  const check = sha1(secret, key);
  return timingSafeEqual(check, data.subarray(DIGEST_BYTES + length)) ? key : undefined;
}

function sha1(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Reads on; beyond the end it gives zeros and nothing, and is broken from then on. */
class Reader {
  isBroken = false;
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  skip(count: number): void {
    this.take(count);
  }

  number(size: number): number {
    const taken = this.take(size);
    return taken.length === 0 ? 0 : taken.readUIntBE(0, size);
  }

  /** Bytes with their count, of so many bytes, before them. */
  block(sizeOfCount: number): Buffer {
    return this.take(this.number(sizeOfCount));
  }

  /** The content of the next DER element, of any type. */
  element(): Buffer {
    this.skip(1);
    const first = this.number(1);
    if (first < 0x80) return this.take(first);
    const sizeOfLength = first & 0x7f;
    if (sizeOfLength < 1 || sizeOfLength > 4) return this.broken();
    return this.take(this.number(sizeOfLength));
  }

  private take(count: number): Buffer {
    if (this.isBroken || this.at + count > this.bytes.length) return this.broken();
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  private broken(): Buffer {
    this.isBroken = true;
    return Buffer.alloc(0);
  }
}
