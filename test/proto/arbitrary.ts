import fc from 'fast-check';
import { create, type TypeName } from '../../orchestrator/proto/index.ts';
import { type Field, typeOf } from '../../orchestrator/proto/types.ts';

/** Strings with everything that needs an escape somewhere: quotes, control characters, astral characters, bytes that are no UTF-8. */
const text = fc.oneof(
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc.constantFrom('', '\\', '"', "'", '\u0000\u0001\n\t', 'é\u{1f600}', 'a\udc80b\udcff', '__proto__', '#{}<>[]:,;'),
);

const float = fc.oneof(fc.float({ noNaN: true }), fc.constantFrom(0, -0, 1e-45, 3.4028234663852886e38, 0.1, 1e-5));

function scalar(field: Field, strings: fc.Arbitrary<string>): fc.Arbitrary<unknown> {
  switch (field.type) {
    case 'string':
      return strings;
    case 'bytes':
      return fc.uint8Array({ maxLength: 6 });
    case 'bool':
      return fc.boolean();
    case 'enum':
      return fc.constantFrom(...field.enumeration!.names.keys());
    case 'float':
      return float.map(Math.fround);
    case 'double':
      return fc.double({ noNaN: true });
    case 'uint32':
      return fc.nat(2 ** 31 - 1).map((n) => n * 2 + 1);
    case 'int64':
      return fc.maxSafeInteger();
    default:
      return fc.integer();
  }
}

/** Random messages of a type, a few fields set in each; required ones always. */
export function messages(name: TypeName, strings: fc.Arbitrary<string> = text): fc.Arbitrary<object> {
  const type = typeOf(name);
  const must = type.fields.filter((f) => f.required);
  return fc.subarray([...type.fields], { maxLength: Math.min(4, type.fields.length) }).chain((chosen) => {
    const fields = [...new Set([...must, ...chosen])];
    const values = fields.map((f) => {
      const one = f.type === 'message' ? messages(f.of as TypeName, strings) : scalar(f, strings);
      return f.repeated ? fc.array(one, { maxLength: 2 }) : one;
    });
    return fc
      .tuple(...values)
      .map((list) => create(name, Object.fromEntries(fields.map((f, i) => [f.name, list[i]])) as never));
  });
}

/** Strings that every UTF-8 library agrees about. */
export const wellFormed = fc.string({ unit: 'grapheme', maxLength: 6 });
