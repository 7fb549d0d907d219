/** `aurora config list` and `validate` (spec aurora-client, section 4). */
import type { Result } from '../../../../core/base/result.ts';
import { bindJob, jobKeyOf, keyText } from '../../config/loader.ts';
import { withinLimits } from '../../config/within-limits.ts';
import { CommandFailure, EXIT } from '../failure.ts';
import { bindingsOf, checkedJob, loadConfiguration } from '../job-file.ts';
import * as rows from '../option-rows.ts';
import type { Noun, Verb } from '../verb.ts';

/** How `list` ends with a file that cannot be loaded; other commands end with 3. */
const UNREADABLE = { code: EXIT.commandFailure, message: 'Error loading configuration file:' };

const LIST: Verb = {
  name: 'list',
  help: 'List jobs defined in an Aurora configuration file',
  options: [rows.BIND, rows.READ_JSON],
  positionals: [rows.CONFIG_FILE],
  run: async (context, args) => {
    const loaded = loadConfiguration(
      context,
      args.text('config_file'),
      args.has('--read-json'),
      UNREADABLE,
    );
    const bindings = bindingsOf(args);
    const keys = taken(
      withinLimits(() =>
        loaded.jobs.map((job) => keyText(jobKeyOf(bindJob(job, bindings), loaded.calls))),
      ),
    );
    context.print(`jobs=[${keys.join(', ')}]`);
    return EXIT.ok;
  },
};

const VALIDATE: Verb = {
  name: 'validate',
  help: 'Check all jobs of a configuration file as they would be before they are sent',
  options: [rows.BIND, rows.READ_JSON],
  positionals: [rows.CONFIG_FILE],
  run: async (context, args) => {
    const loaded = loadConfiguration(context, args.text('config_file'), args.has('--read-json'));
    if (loaded.jobs.length === 0) {
      const message = 'Error loading configuration: No job defined in this config!';
      throw new CommandFailure(EXIT.invalidConfiguration, message);
    }
    const bindings = bindingsOf(args);
    for (const job of loaded.jobs) {
      const { cluster, configuration } = await checkedJob(context, loaded, bindJob(job, bindings));
      const { role = '', environment = '', name = '' } = configuration.key ?? {};
      context.print(`${keyText({ cluster, role, environment, name })} is valid`);
    }
    return EXIT.ok;
  },
};

export const CONFIG: Noun = {
  name: 'config',
  help: 'Work with an aurora configuration file',
  verbs: [LIST, VALIDATE],
};

function taken<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new CommandFailure(EXIT.invalidConfiguration, result.error);
}
