/**
 * Every row of the specification's tables that is a test, in one process: most of what a small row costs
 * is the start. One file alone: `node --test test/schedulers/marathon/rows/<file>.ts`.
 */
import './app-fields.ts';
import './app-model-refusals.ts';
import './app-network-refusals.ts';
import './app-refusals.ts';
import './behaviour.ts';
import './call-reads.ts';
import './call-writes.ts';
import './constraints.ts';
import './endpoints.ts';
import './environment.ts';
import './events.ts';
import './label-selectors.ts';
import './pod-fields.ts';
import './pod-refusals.ts';
import './pod-status.ts';
import './resident-refusals.ts';
import './system.ts';
import './task-info.ts';
import './tasks.ts';
import './volume-refusals.ts';
