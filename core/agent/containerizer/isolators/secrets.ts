/** `environment_secret`, `volume/secret`: variables and files whose contents are secrets (section 8.3). */
import { err, ok } from '../../../base/result.ts';
import { depthOf, type Isolator } from '../isolator.ts';
import { bindLines, quote } from './mount-lines.ts';

/** References are for a secret store, of which there is none without a module. */
export function environmentSecretIsolator(): Isolator {
  return {
    name: 'environment_secret',
    prepare: ({ command }) => {
      const environment: Record<string, string> = {};
      for (const { name, type, secret } of command?.environment?.variables ?? []) {
        if (type !== 'SECRET') continue;
        if (secret?.type !== 'VALUE' || secret.value === undefined) {
          return err(
            `Failed to resolve the secret of the environment variable '${name}': only values can be resolved`,
          );
        }
        const value = new TextDecoder().decode(secret.value.data);
        if (value.includes('\0')) {
          return err(`The secret of the environment variable '${name}' contains a zero byte`);
        }
        environment[name] = value;
      }
      return ok({ environment });
    },
  };
}

/** Files in memory that only their owner can read; never on a disk, nor among the words of a command. */
export function volumeSecretIsolator(): Isolator {
  return {
    name: 'volume/secret',
    prepare: (container) => {
      const { id, sandbox, user, containerInfo } = container;
      const directory = `${sandbox}/.secret`;
      const setup: string[] = [];
      const variables: Record<string, string> = {};
      for (const { source, container_path: target } of containerInfo?.volumes ?? []) {
        if (source?.type !== 'SECRET') continue;
        const { secret } = source;
        if (secret?.type !== 'VALUE' || secret.value === undefined) {
          return err(
            `Failed to resolve the secret of the volume '${target}': only values can be resolved`,
          );
        }
        if (target.split('/').includes('..')) {
          return err(`The path of a SECRET volume contains '..': '${target}'`);
        }
        const name = `SECRET_${depthOf(id)}_${Object.keys(variables).length}`;
        variables[name] = Buffer.from(secret.value.data).toString('base64');
        const file = `${directory}/${name}`;
        setup.push(
          `printf %s "$${name}" | base64 -d > ${quote(file)}; unset ${name}`,
          `chmod 600 ${quote(file)}`,
          ...(user === undefined ? [] : [`chown ${user.uid}:${user.gid} ${quote(file)}`]),
          ...bindLines(container, { source: file, target, isReadOnly: true }),
        );
      }
      if (setup.length === 0) return ok({});
      const made = quote(directory);
      const memory = [`mkdir -p ${made}`, `mount -n -t ramfs -o mode=700 ramfs ${made}`];
      return ok({ namespaces: ['mount'], setup: [...memory, ...setup], setupVariables: variables });
    },
  };
}
