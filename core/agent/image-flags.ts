/** Flags about images of the Mesos containerizer (spec flags-and-metrics, section 5). */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { flag, optionalFlag } from '../base/flags.ts';

export const IMAGE_FLAGS = {
  image_providers: optionalFlag('string', {
    help: 'Kinds of images that containers may have, with commas between: docker, appc.',
  }),
  image_provisioner_backend: optionalFlag('string', {
    help: 'How layers become a root file system: overlay, bind or copy; overlay where it can be.',
  }),
  image_gc_config: optionalFlag('json', {
    help: 'ImageGcConfig, as JSON or a file: when layers that nobody needs are removed.',
  }),
  appc_store_dir: flag('path', join(tmpdir(), 'mesos/store/appc'), {
    help: 'Where Appc images are kept.',
  }),
  appc_simple_discovery_uri_prefix: flag('string', 'http://', {
    help: 'What stands before {name}-{version}-{os}-{arch}.aci: http://, https:// or a path.',
  }),
  docker_registry: flag('string', 'https://registry-1.docker.io', {
    help: 'Where Docker images come from that name no registry: a URL, or a directory of archives.',
  }),
  docker_store_dir: flag('path', join(tmpdir(), 'mesos/store/docker'), {
    help: 'Where Docker images are kept.',
  }),
  docker_ignore_runtime: flag('bool', false, {
    help: 'What Docker images say about variables, commands and directories is of no interest.',
  }),
  sandbox_directory: flag('path', '/mnt/mesos/sandbox', {
    aliases: ['docker_sandbox_directory'],
    help: 'Where containers with an image see their sandbox.',
  }),
} as const;
