/** Header rules of the originals: what `Accept` and `Accept-Encoding` allow (spec operator-api, section 1.3). */

/** Whether an `Accept` header allows a media type such as `application/json`; a missing one does. */
export function acceptsMediaType(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined) return true;
  const [type] = mediaType.split('/');
  return allows(accept, [mediaType, `${type}/*`, '*/*']);
}

/** Whether an `Accept-Encoding` header asks for gzip; a missing one does not. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  return acceptEncoding !== undefined && allows(acceptEncoding, ['gzip', '*']);
}

/** The first candidate that is listed decides: with no quality, more than one, or one above 0 it is allowed. */
function allows(header: string, candidates: readonly string[]): boolean {
  const entries = header
    .replaceAll(/\s/g, '')
    .split(',')
    .map((entry) => entry.split(';').filter((part) => part !== ''));
  for (const candidate of candidates) {
    const entry = entries.find(([name]) => name?.toLowerCase() === candidate);
    if (entry === undefined) continue;
    const qualities = entry.flatMap((part) => /^q=+([^=]+)$/.exec(part)?.[1] ?? []);
    const [quality] = qualities;
    return quality === undefined || qualities.length > 1 || Number(quality) > 0;
  }
  return false;
}
