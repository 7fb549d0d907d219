/** An app with a volume of its own, and the flags that it needs. */
export const RESIDENT_FLAGS = { mesos_role: 'stateful', mesos_authentication_principal: 'keeper' };

export const RESIDENT_APP = {
  id: '/db',
  cmd: 'sleep 1000',
  cpus: 1,
  mem: 128,
  container: {
    type: 'MESOS',
    volumes: [{ containerPath: 'data', mode: 'RW', persistent: { size: 64 } }],
  },
};
