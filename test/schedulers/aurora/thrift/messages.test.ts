import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeAnswer,
  decodeCall,
  decodeStruct,
  encodeCall,
  encodeException,
  encodeReply,
  encodeStruct,
  JSON_DEPTH_MAX,
  MESSAGE_MAX_BYTES,
  type ThriftEncoding,
} from '../../../../schedulers/aurora/thrift/messages.ts';
import type { Response, ThriftStructs } from '../../../../schedulers/aurora/thrift/types.ts';
import { arbitraryStruct } from './arbitrary.ts';

const ENCODINGS: readonly ThriftEncoding[] = ['binary', 'compact', 'json'];
const STRUCTS: readonly (keyof ThriftStructs)[] = [
  'JobConfiguration',
  'ScheduledTask',
  'TaskQuery',
  'JobUpdateDetails',
  'Response',
  'RunnerCkpt',
];

for (const encoding of ENCODINGS) {
  for (const name of STRUCTS) {
    test(`any ${name} comes back from ${encoding} as it was`, () => {
      fc.assert(
        fc.property(arbitraryStruct(name), (value) => {
          const read = decodeStruct(name, encodeStruct(name, value, encoding), encoding);
          assert.deepEqual(read, { ok: true, value });
        }),
        { numRuns: 12 },
      );
    });
  }

  test(`noise in ${encoding} is refused or read, never thrown`, () => {
    const bytes = fc.record({
      value: arbitraryStruct('JobConfiguration'),
      at: fc.nat(400),
      put: fc.uint8Array({ maxLength: 4 }),
      cut: fc.nat(4),
    });
    fc.assert(
      fc.property(bytes, ({ value, at, put, cut }) => {
        const good = encodeCall(encoding, {
          method: 'createJob',
          seqid: 1,
          args: { description: value },
        });
        const bad = Buffer.concat([good.subarray(0, at), put, good.subarray(at + cut)]);
        const read = decodeCall(encoding, bad);
        assert.ok(read.ok || read.error.length > 0);
      }),
      { numRuns: 50 },
    );
  });
}

// Written by hand from the ids of the description.
const KILL = {
  binary:
    '80010001' + // version 1, call
    '00000009' +
    hex('killTasks') +
    '00000007' +
    '0c0004' + // field 4: struct
    '0b0001' +
    '00000003' +
    hex('www') +
    '0b0002' +
    '00000005' +
    hex('devel') +
    '0b0003' +
    '00000003' +
    hex('web') +
    '00' +
    '0e0005' +
    '08' +
    '00000002' +
    '00000000' +
    '00000002' + // field 5: set of i32
    '0b0006' +
    '00000002' +
    hex('by') +
    '00',
  compact:
    '82' +
    '21' +
    '07' +
    '09' +
    hex('killTasks') +
    '4c' + // field 4: struct
    '18' +
    '03' +
    hex('www') +
    '18' +
    '05' +
    hex('devel') +
    '18' +
    '03' +
    hex('web') +
    '00' +
    '1a' +
    '25' +
    '00' +
    '04' + // field 5: set, two elements of i32, zigzag
    '18' +
    '02' +
    hex('by') +
    '00',
  json: hex(
    '[1,"killTasks",1,7,{"4":{"rec":{"1":{"str":"www"},"2":{"str":"devel"},"3":{"str":"web"}}},' +
      '"5":{"set":["i32",2,0,2]},"6":{"str":"by"}}]',
  ),
};

const KILL_CALL = {
  kind: 'call',
  method: 'killTasks',
  seqid: 7,
  args: {
    job: { role: 'www', environment: 'devel', name: 'web' },
    instances: [0, 2],
    message: 'by',
  },
} as const;

for (const encoding of ENCODINGS) {
  test(`killTasks in ${encoding} is the bytes that its field ids say`, () => {
    assert.equal(encodeCall(encoding, KILL_CALL).toString('hex'), KILL[encoding]);
    assert.deepEqual(decodeCall(encoding, Buffer.from(KILL[encoding], 'hex')), {
      ok: true,
      value: KILL_CALL,
    });
  });

  test(`a method that there is not comes out of ${encoding} by its name`, () => {
    const bytes = Buffer.from(
      encodeCall(encoding, { method: 'snapshot', seqid: 3, args: {} })
        .toString('latin1')
        .replace('snapshot', 'snapshop'),
      'latin1',
    );
    assert.deepEqual(decodeCall(encoding, bytes), {
      ok: true,
      value: { kind: 'unknown-method', name: 'snapshop', seqid: 3 },
    });
  });

  test(`an exception instead of an answer comes out of ${encoding} as one`, () => {
    const exception = { type: 1, message: "Invalid method name: 'x'" };
    const bytes = encodeException(encoding, { name: 'x', seqid: 4, exception });
    assert.deepEqual(decodeAnswer(encoding, 'getJobs', bytes), {
      ok: true,
      value: { kind: 'exception', seqid: 4, exception: { message: exception.message, type: 1 } },
    });
  });

  test(`field that nobody knows are skipped in ${encoding}`, () => {
    const nested = encodeStruct('ScheduledTask', TASK, encoding);
    // An ExecutorConfig has only the fields 1 and 2, both strings; of a task both are something else.
    assert.deepEqual(decodeStruct('ExecutorConfig', nested, encoding), { ok: true, value: {} });
  });
}

const TASK: ThriftStructs['ScheduledTask'] = {
  assignedTask: {
    taskId: 't',
    task: {
      isService: true,
      priority: 0,
      maxTaskFailures: 1,
      constraints: [{ name: 'rack', constraint: { limit: { limit: 2 } } }],
      resources: [{ numCpus: 0.5 }, { ramMb: 128 }, { namedPort: 'http' }],
    },
    assignedPorts: new Map([['http', 31_001]]),
    instanceId: 3,
  },
  status: 'RUNNING',
  failureCount: 0,
  taskEvents: [{ timestamp: 1_480_000_000_000, status: 'PENDING' }],
  timesPartitioned: 0,
};

test('an answer in JSON has the shape of the original', () => {
  const response: Response = {
    responseCode: 'OK',
    serverInfo: { clusterName: 'devcluster', statsUrlPrefix: '' },
    details: [],
    result: {
      getQuotaResult: {
        quota: { resources: [{ numCpus: 10 }, { ramMb: 20_480 }, { diskMb: 40_960 }] },
      },
    },
  };
  assert.equal(
    encodeReply('json', { method: 'getQuota', seqid: 7, response }).toString(),
    '[1,"getQuota",2,7,{"0":{"rec":{"1":{"i32":1},' +
      '"3":{"rec":{"5":{"rec":{"1":{"rec":{"4":{"set":["rec",3,{"1":{"dbl":10.0}},{"2":{"i64":20480}},{"3":{"i64":40960}}]}}}}}}},' +
      '"5":{"rec":{"1":{"str":"devcluster"},"3":{"str":""}}},"6":{"lst":["rec",0]}}}}]',
  );
});

test('maps in JSON carry both types and the count', () => {
  const text = encodeStruct('AssignedTask', TASK.assignedTask, 'json').toString();
  assert.match(text, /"5":\{"map":\["str","i32",1,\{"http":31001\}\]\}/);
});

test('control characters in JSON are escaped', () => {
  const value = { message: 'a\u0001\u001b"\\' };
  const bytes = encodeStruct('ResponseDetail', value, 'json');
  assert.deepEqual(JSON.parse(bytes.toString()), { 1: { str: value.message } });
});

test('what a caller leaves out reads as zero, empty, or absent', () => {
  const read = decodeCall('json', Buffer.from('[1,"createJob",1,1,{"1":{"rec":{"8":{"i32":2}}}}]'));
  assert.deepEqual(read, {
    ok: true,
    value: {
      kind: 'call',
      method: 'createJob',
      seqid: 1,
      args: { description: { cronCollisionPolicy: 'KILL_EXISTING', instanceCount: 2 } },
    },
  });
});

test('malformed messages are refused with what is wrong', () => {
  const refused = (encoding: ThriftEncoding, bytes: Buffer): string => {
    const read = decodeCall(encoding, bytes);
    return read.ok ? 'read' : read.error;
  };
  assert.equal(refused('json', Buffer.from('{')), 'the message is no JSON');
  assert.equal(refused('json', Buffer.from('[2,"x",1,1,{}]')), 'protocol version 2');
  assert.equal(
    refused('json', Buffer.from(`[${'['.repeat(JSON_DEPTH_MAX)}`)),
    'the message is nested too deeply',
  );
  assert.equal(
    refused('json', Buffer.from('[1,"killTasks",1,1,{"5":{"set":["i32",999999999,1]}}]')),
    'a set does not have as many elements as it says',
  );
  assert.equal(
    refused('json', Buffer.from('[1,"slaDrainHosts",1,1,{"3":{"i64":9223372036854775807}}]')),
    'a number is larger than 9007199254740991',
  );
  assert.equal(
    refused(
      'json',
      Buffer.from('[1,"createJob",1,1,{"1":{"rec":{"6":{"rec":{"29":{"rec":{}}}}}}}]'),
    ),
    'union Container has 0 fields',
  );
  assert.equal(refused('binary', Buffer.alloc(0)), '4 bytes are expected where 0 are left');
  assert.match(refused('binary', Buffer.from('0000000178010000000000', 'hex')), /version/);
  assert.equal(
    refused('binary', Buffer.alloc(MESSAGE_MAX_BYTES + 1)),
    `a message of ${MESSAGE_MAX_BYTES + 1} bytes is too long`,
  );
  // Two sets of 2^31 - 1 elements in a few bytes end where the bytes end.
  assert.match(
    refused('binary', Buffer.from(`${KILL.binary.slice(0, 42)}0e0005087fffffff00`, 'hex')),
    /bytes are/,
  );
});

function hex(text: string): string {
  return Buffer.from(text).toString('hex');
}
