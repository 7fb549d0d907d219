/**
 * Sources of any other scheme (hdfs, s3, s3n, hftp, maprfs ...): the `hadoop` program copies them,
 * as the task's user. It is `<hadoop_home>/bin/hadoop`, else the one on the path.
 */
import { ClusterError, describeError } from '../../base/errors.ts';
import type { Hands } from './hands.ts';

export class Hadoop {
  private readonly program: string;

  constructor(hadoopHome: string | undefined) {
    this.program =
      hadoopHome === undefined || hadoopHome === '' ? 'hadoop' : `${hadoopHome}/bin/hadoop`;
  }

  async copyToLocal(hands: Hands, url: string, path: string): Promise<void> {
    await this.mustBeThere(hands);
    await hands.run(this.program, ['fs', '-copyToLocal', url, path]);
  }

  async size(hands: Hands, url: string): Promise<number | undefined> {
    await this.mustBeThere(hands);
    const printed = await hands.run(this.program, ['fs', '-du', url]);
    // Size first, the path last; newer versions have the space with copies in between.
    const size = Number(/^\s*(\d+)\s/m.exec(printed)?.[1]);
    return size > 0 ? size : undefined;
  }

  private async mustBeThere(hands: Hands): Promise<void> {
    try {
      await hands.run(this.program, ['version']);
    } catch (thrown) {
      const text = `Failed to create HDFS client: Hadoop client is not available: ${describeError(thrown)}`;
      throw new ClusterError('FETCH', text, { retriable: false, cause: thrown });
    }
  }
}
