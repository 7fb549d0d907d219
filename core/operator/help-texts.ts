/** What `/help` says about the endpoints of both daemons (spec operator-api, section 6). */
import type { HelpPages } from './help.ts';

/** `realm` is `mesos-master` or `mesos-agent`. */
export function globalHelp(realm: string): HelpPages {
  const readonly = `${realm}-readonly`;
  const readwrite = `${realm}-readwrite`;
  return {
    files: {
      '/browse': {
        tldr: 'Lists a directory.',
        description: [
          'Query parameters:',
          '>        path=VALUE          Directory to list.',
          '>        jsonp=VALUE         Name of a function to wrap the answer in.',
          'The answer is an array with one object per entry; for a file it is empty.',
        ],
        realm: readonly,
        authorization: 'The principal must be allowed to read the path.',
      },
      '/debug': {
        tldr: 'Shows which virtual paths are attached, and where they lead.',
        description: ['The answer is an object from virtual to real paths.'],
        realm: readonly,
        authorization: 'The principal must be allowed to get the endpoint `/files/debug`.',
      },
      '/download': {
        tldr: 'Gives the whole of a file.',
        description: ['Query parameters:', '>        path=VALUE          File to send.'],
        realm: readonly,
        authorization: 'The principal must be allowed to read the path.',
      },
      '/read': {
        tldr: 'Gives a part of a file.',
        description: [
          'Query parameters:',
          '>        path=VALUE          File to read.',
          '>        offset=VALUE        First byte; -1 or none asks for the size only.',
          '>        length=VALUE        Number of bytes; -1 or none for as many as one answer holds.',
          '>        jsonp=VALUE         Name of a function to wrap the answer in.',
          'One answer holds 65536 bytes at most; go on at the offset behind them.',
        ],
        realm: readonly,
        authorization: 'The principal must be allowed to read the path.',
      },
    },
    logging: {
      '/toggle': {
        tldr: 'Shows the verbosity of the log, or changes it for a while.',
        description: [
          'Query parameters:',
          '>        level=VALUE         Verbosity to set; 0 is the usual one.',
          '>        duration=VALUE      How long, such as 10secs or 15mins.',
          'Without parameters the answer is the verbosity.',
        ],
        realm: readwrite,
        authorization: 'The principal must be allowed to get the endpoint `/logging/toggle`.',
      },
    },
    metrics: {
      '/prometheus': {
        tldr: 'Shows the metrics in the text format of Prometheus.',
        realm: readonly,
      },
      '/snapshot': {
        tldr: 'Shows the metrics.',
        description: [
          'Query parameters:',
          '>        timeout=VALUE       How long to wait for all values, such as 5secs.',
          '>        jsonp=VALUE         Name of a function to wrap the answer in.',
          'The answer is an object from names to numbers, sorted by name. At most two requests a',
          'second are answered; others wait for their turn.',
        ],
        realm: readonly,
        authorization: 'The principal must be allowed to get the endpoint `/metrics/snapshot`.',
      },
    },
    profiler: {
      '/start': { tldr: 'Starts profiling, where a profiler was built in.', realm: readwrite },
      '/stop': { tldr: 'Stops profiling, where a profiler was built in.', realm: readwrite },
    },
    system: {
      '/stats.json': {
        tldr: 'Shows load, processors and memory of the machine.',
        description: [
          'The answer has `avg_load_1min`, `avg_load_5min`, `avg_load_15min`, `cpus_total`,',
          '`mem_total_bytes` and `mem_free_bytes`.',
        ],
      },
    },
    version: {
      '/': { tldr: 'Shows the version and how it was built.' },
    },
  };
}
