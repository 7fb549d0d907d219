/** The version of this package, and of the original whose behaviour it has. */
export const ORRERY_VERSION = '0.1.0';
export const MESOS_VERSION = '1.12.0';

/** What `--version` of the roof says. */
export const VERSION_TEXT = `orrery ${ORRERY_VERSION} (as Mesos ${MESOS_VERSION})`;
