import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  NetworkUsage,
  trafficOf,
} from '../../../../../core/agent/containerizer/cni/network-usage.ts';
import type { HostedUpdate } from '../../../../../core/executor/hosted.ts';

const DEVICES = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    9000      90    9    9    0     0          0         0     9000      90    9    9    0     0       0          0
  eth0:    1000      10    1    2    0     0          0         0     2000      20    3    4    0     0       0          0
  eth1:10 1 0 0 0 0 0 0 20 2 0 0 0 0 0 0
`;
const BLUE = [{ name: 'blue' }];

function update(more: Partial<HostedUpdate>): HostedUpdate {
  return { taskId: 't', state: 'TASK_RUNNING', timestamp: 0, uuid: 'u', ...more };
}

test('what interfaces of plugins received and sent is added up', () => {
  assert.deepEqual(trafficOf(DEVICES), {
    ...{ net_rx_bytes: 1010, net_rx_packets: 11, net_rx_errors: 1, net_rx_dropped: 2 },
    ...{ net_tx_bytes: 2020, net_tx_packets: 22, net_tx_errors: 3, net_tx_dropped: 4 },
  });
  assert.deepEqual(trafficOf(undefined), {});
});

test('it is read of a process in the container, while there is one', () => {
  const usage = new NetworkUsage();
  const asked: string[] = [];
  const files = {
    read: (path: string): undefined => {
      asked.push(path);
    },
  };
  usage.heard({ kind: 'started', containerId: 'host', pid: 7 });
  usage.heard({ kind: 'started', containerId: 'c', networkInfos: BLUE });
  usage.of('host', files);
  usage.of('c', files);
  assert.deepEqual(asked, []);
  const other = update({ pid: 40, networkInfos: [{ name: 'red' }] });
  usage.heard({ kind: 'update', containerId: 'c', update: other });
  usage.heard({
    kind: 'update',
    containerId: 'c',
    update: update({ pid: 41, networkInfos: BLUE }),
  });
  usage.of('c', files);
  const over = update({ state: 'TASK_FINISHED', pid: 41, networkInfos: BLUE });
  usage.heard({ kind: 'update', containerId: 'c', update: over });
  usage.of('c', files);
  assert.deepEqual(asked, ['/proc/41/net/dev']);
});
