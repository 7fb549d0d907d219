/** Finds the area under a curve within one tile, which comes as JSON in the task's data. */
import { serveTasks } from '../work-executor.ts';
import { areaUnder } from './tiles.ts';

await serveTasks('area', (input) => String(areaUnder(JSON.parse(input))));
