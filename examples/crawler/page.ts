/** Fetches one page for the executors. */
const BYTES_MAX = 1_000_000;
const TIMEOUT_MS = 30_000;

/** The text of a page; nothing when it is no HTML. */
export async function pageAt(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const isPage = response.headers.get('content-type')?.startsWith('text/html') === true;
  if (!isPage) await response.body?.cancel();
  return isPage ? (await response.text()).slice(0, BYTES_MAX) : '';
}
