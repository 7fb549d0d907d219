/** Names for the resource functions the state uses; see `core/resources`. */
export {
  add as addResources,
  isEmpty as isEmptyResources,
  subtract as subtractResources,
} from '../resources/index.ts';
