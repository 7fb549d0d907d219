/** Names and passwords by host, as in `~/.netrc`. */

export interface Login {
  readonly user: string;
  readonly password: string;
}

/** That of the host, else the default one. */
export function loginFor(text: string, host: string): Login | undefined {
  const words = wordsOf(text);
  let fallback: Login | undefined;
  for (let at = 0; at < words.length; at += 1) {
    const isDefault = words[at] === 'default';
    if (!isDefault && words[at] !== 'machine') continue;
    const name = isDefault ? undefined : words[at + 1];
    const login = loginAt(words, isDefault ? at + 1 : at + 2);
    if (name === host) return login;
    if (isDefault) fallback ??= login;
  }
  return fallback;
}

function loginAt(words: readonly string[], from: number): Login | undefined {
  const found = new Map<string, string>();
  for (let at = from; at + 1 < words.length; at += 2) {
    const word = words[at] ?? '';
    if (word === 'machine' || word === 'default') break;
    found.set(word, words[at + 1] ?? '');
  }
  const [user, password] = [found.get('login'), found.get('password')];
  return user === undefined || password === undefined ? undefined : { user, password };
}

function wordsOf(text: string): readonly string[] {
  const withoutComments = text.replaceAll(/(^|\s)#.*$/gm, '');
  const found = withoutComments.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g);
  return [...found].map(([, quoted, plain]) => quoted?.replaceAll(/\\(.)/g, '$1') ?? plain ?? '');
}
