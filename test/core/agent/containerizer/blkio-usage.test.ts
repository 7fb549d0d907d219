import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blkioStatistics } from '../../../../core/agent/containerizer/blkio-usage.ts';

const DEVICE = { major_number: 8, minor_number: 16 };

test('counters of devices and of all devices become statistics; files that are not there are left out', () => {
  const files: Readonly<Record<string, string>> = {
    'blkio.throttle.io_serviced': '8:16 Read 3\n8:16 Write 1\n8:16 Total 4\nTotal 4\n',
    'blkio.throttle.io_service_bytes': '8:16 Read 12288\n8:16 Discard 0\nTotal 16384\n',
    'blkio.time': '8:16 30\n',
    'blkio.sectors': '8:16 80\n',
    'blkio.io_queued': '8:16 Async 2\n8:16 Odd 7\nTotal 2\n',
    'blkio.io_wait_time_recursive': 'Total 9\n',
  };
  const statistics = blkioStatistics((name) => files[name]);
  assert.deepEqual(statistics, {
    cfq: [
      { device: DEVICE, io_queued: [{ op: 'ASYNC', value: 2 }], sectors: 80, time: 30 },
      { io_queued: [{ op: 'TOTAL', value: 2 }] },
    ],
    cfq_recursive: [{ io_wait_time: [{ op: 'TOTAL', value: 9 }] }],
    throttling: [
      {
        device: DEVICE,
        io_serviced: [
          { op: 'READ', value: 3 },
          { op: 'WRITE', value: 1 },
          { op: 'TOTAL', value: 4 },
        ],
        io_service_bytes: [
          { op: 'READ', value: 12_288 },
          { op: 'DISCARD', value: 0 },
        ],
      },
      {
        io_serviced: [{ op: 'TOTAL', value: 4 }],
        io_service_bytes: [{ op: 'TOTAL', value: 16_384 }],
      },
    ],
  });
  assert.equal(
    blkioStatistics(() => undefined),
    undefined,
  );
});
