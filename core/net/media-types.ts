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

function allows(header: string, candidates: readonly string[]): boolean {
  const entries = header
    .replaceAll(/\s/g, '')
    .toLowerCase()
    .split(',')
    .map((entry) => entry.split(';'));
  for (const candidate of candidates) {
    const entry = entries.find(([name]) => name === candidate);
    if (entry === undefined) continue;
    const quality = entry.find((parameter) => parameter.startsWith('q='));
    return quality === undefined || Number(quality.slice(2)) > 0;
  }
  return false;
}
