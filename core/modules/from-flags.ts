/** The modules that flags ask for, running, and what they give in place of built-in parts. */
import { ClusterError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { err, ok, type Result } from '../base/result.ts';
import { createPlugins, type PluginFlags, type Plugins } from './plugins.ts';
import { compileModules, type ModuleFlags, type RunningModules, startModules } from './start.ts';

/** The error is a sentence about a flag or a module; nothing is left running then. */
export async function modulesFromFlags(
  flags: ModuleFlags & PluginFlags,
  log: Log,
): Promise<Result<{ readonly modules: RunningModules; readonly plugins: Plugins }>> {
  const options = compileModules(flags);
  if (!options.ok) return options;
  let modules: RunningModules | undefined;
  try {
    modules = await startModules(options.value, log);
    return ok({ modules, plugins: await createPlugins(modules, flags) });
  } catch (thrown) {
    await modules?.stop();
    if (thrown instanceof ClusterError) return err(`Error loading modules: ${thrown.message}`);
    throw thrown;
  }
}
