import { join } from 'node:path';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import {
  canonicalJson,
  clone,
  decode,
  encode,
  isSet,
  parseText,
  printText,
  wireHash,
} from '../../orchestrator/proto/index.ts';
import { messages, wellFormed } from './arbitrary.ts';

const types = ['NetParameter', 'SolverParameter', 'LayerParameter', 'V1LayerParameter', 'Datum', 'BlobProto'] as const;

describe.each(types)('%s', (type) => {
  it('is the same after print and parse', () => {
    fc.assert(
      fc.property(messages(type), (message) => {
        const again = parseText(type, printText(message), 'printed');
        expect(wireHash(again)).toBe(wireHash(message));
        expect(canonicalJson(again)).toBe(canonicalJson(message));
        expect(printText(again)).toBe(printText(message));
      }),
      { numRuns: 60 },
    );
  });

  it('is the same after encode and decode, and after clone', () => {
    fc.assert(
      fc.property(messages(type), (message) => {
        const bytes = encode(type, message as never);
        expect(Buffer.compare(encode(type, decode(type, bytes)), bytes)).toBe(0);
        expect(Buffer.compare(encode(type, clone(message) as never), bytes)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  it('is read and written by protobufjs as by us', async () => {
    const root = new protobuf.Root();
    root.loadSync(join(import.meta.dirname, '../../protos/caffe.proto'), { keepCase: true });
    const theirs = root.lookupType(`caffe.${type}`);
    fc.assert(
      fc.property(messages(type, wellFormed), (message) => {
        const bytes = encode(type, message as never);
        expect(Buffer.compare(Buffer.from(theirs.encode(theirs.decode(bytes)).finish()), bytes)).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});

it('refuses bytes that were cut or changed, or reads them; never anything else', () => {
  fc.assert(
    fc.property(messages('NetParameter'), fc.nat(), fc.nat(255), fc.boolean(), (message, at, byte, cut) => {
      const bytes = Buffer.from(encode('NetParameter', message as never));
      fc.pre(bytes.length > 0);
      const place = at % bytes.length;
      if (!cut) bytes[place] = byte;
      try {
        const net = decode('NetParameter', cut ? bytes.subarray(0, place) : bytes);
        expect(isSet(net, 'name')).toBeTypeOf('boolean');
      } catch (error) {
        expect(error).toMatchObject({ name: 'CremaError', kind: 'data' });
      }
    }),
    { numRuns: 300 },
  );
});

it('refuses text that was changed, or reads it; never anything else', () => {
  const junk = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '<',
    '"',
    "'",
    ':',
    ',',
    '#',
    '-',
    '0x',
    '1e',
    '\\',
    '\u0000',
    '__proto__',
    '\n',
  );
  fc.assert(
    fc.property(messages('NetParameter'), fc.nat(), fc.nat(4), junk, (message, at, drop, put) => {
      const text = printText(message);
      const place = at % (text.length + 1);
      const changed = text.slice(0, place) + put + text.slice(place + drop);
      try {
        parseText('NetParameter', changed, 'changed');
      } catch (error) {
        expect(error).toMatchObject({ name: 'CremaError', kind: 'input' });
      }
    }),
    { numRuns: 500 },
  );
});
