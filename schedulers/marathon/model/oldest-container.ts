/**
 * The container of Marathon 0.6 and 0.7 with an external containerizer: `image` with a scheme and
 * the `options` of a command line (spec marathon-rest, section 13.4). It becomes what has been asked
 * for since: `docker.image` and `docker.parameters`.
 */
import type { RawApp, RawContainer } from './app.ts';
import { type Violation, violation } from './violations.ts';

const SCHEME = 'docker:///';

/** Short options by the long one that they stand for. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  '-v': 'volume',
  '-e': 'env',
  '-p': 'publish',
  '-h': 'hostname',
  '-u': 'user',
  '-w': 'workdir',
  '-l': 'label',
};

export function violationsOfOldestContainer(raw: RawApp): readonly Violation[] {
  const { container } = raw;
  if (container?.image === undefined) {
    if (container?.options === undefined) return [];
    return [violation('/container/options', 'may only be set in conjunction with image')];
  }
  if (container.docker !== undefined) {
    return [violation('/container', 'must not specify both image and docker')];
  }
  if (imageOf(container.image) === '') {
    return [violation('/container/image', 'must not be empty')];
  }
  const read = parametersOf(container.options ?? []);
  return read.wrongAt === undefined
    ? []
    : [violation(`/container/options(${read.wrongAt})`, 'is no option with a value')];
}

/** The app with today's container; apps without the old one are returned as they are. */
export function withTodaysContainer(raw: RawApp): RawApp {
  if (raw.container?.image === undefined) return raw;
  const { image, options = [], ...rest } = raw.container;
  const { parameters } = parametersOf(options);
  const container: RawContainer = {
    ...rest,
    type: 'DOCKER',
    docker: { image: imageOf(image), parameters },
  };
  return { ...raw, container };
}

function imageOf(image: string): string {
  return image.startsWith(SCHEME) ? image.slice(SCHEME.length) : image;
}

interface Parameters {
  readonly parameters: readonly { readonly key: string; readonly value: string }[];
  /** Index of the first option that cannot be understood. */
  readonly wrongAt?: number;
}

function parametersOf(options: readonly string[]): Parameters {
  const parameters: { key: string; value: string }[] = [];
  for (let index = 0; index < options.length; index += 1) {
    const option = options[index] ?? '';
    const joined = /^--([^=\s]+)=(.*)$/s.exec(option);
    if (joined !== null) {
      parameters.push({ key: joined[1] ?? '', value: joined[2] ?? '' });
      continue;
    }
    const key = LONG_NAMES[option] ?? /^--([^=\s]+)$/.exec(option)?.[1];
    const value = options[index + 1];
    if (key === undefined || value === undefined) return { parameters, wrongAt: index };
    parameters.push({ key, value });
    index += 1;
  }
  return { parameters };
}
