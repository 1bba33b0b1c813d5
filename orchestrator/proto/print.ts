import type { Values } from './message.ts';
import { messageType } from './message.ts';
import { presentFields } from './present.ts';
import { encodeString } from './strings.ts';
import { type Field, Message } from './types.ts';

/** C's `%.<digits>g`. */
function general(value: number, digits: number): string {
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e') as [string, string];
  const power = Number(exponent);
  if (power < -4 || power >= digits) {
    const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
    return `${short}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  const fixed = value.toFixed(Math.max(0, digits - 1 - power));
  return fixed.includes('.') ? fixed.replace(/\.?0+$/, '') : fixed;
}

/** A float as C++ protobuf prints it: six digits where they read back to the same value, else nine (double: 15, 17). */
function floatText(value: number, single: boolean, negativeNan: boolean): string {
  if (Number.isNaN(value)) return negativeNan ? '-nan' : 'nan';
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf';
  if (Object.is(value, -0)) return '-0';
  const short = general(value, single ? 6 : 15);
  const back = single ? Math.fround(Number(short)) : Number(short);
  return back === value ? short : general(value, single ? 9 : 17);
}

const named: Record<number, string> = { 10: '\\n', 13: '\\r', 9: '\\t', 34: '\\"', 39: "\\'", 92: '\\\\' };

function bytesText(bytes: Uint8Array): string {
  let out = '';
  for (const b of bytes) {
    out += named[b] ?? (b < 32 || b > 126 ? `\\${b.toString(8).padStart(3, '0')}` : String.fromCharCode(b));
  }
  return `"${out}"`;
}

const isPlain = /^[ !#-&(-[\]-~]*$/;

/** Characters beyond ASCII stay as they are where they are whole; bytes that are no UTF-8 become octal escapes. */
function stringText(text: string): string {
  if (isPlain.test(text)) return `"${text}"`;
  let out = '"';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    const whole = code > 0x9f && (code < 0xd800 || code > 0xdfff);
    out += whole ? character : bytesText(encodeString(character)).slice(1, -1);
  }
  return `${out}"`;
}

function scalarText(message: Message, field: Field, value: unknown, index: number): string {
  const bits = Message.exact(message)?.get(field.repeated ? `${field.name}[${index}]` : field.name);
  switch (field.type) {
    case 'string':
      return stringText(value as string);
    case 'bytes':
      return bytesText(value as Uint8Array);
    case 'enum':
      return field.enumeration!.names.get(value as number) ?? String(value);
    case 'float':
      return floatText(value as number, true, bits !== undefined);
    case 'double':
      return floatText(value as number, false, bits !== undefined);
    default:
      return bits !== undefined && Number(bits) === value ? String(bits) : String(value);
  }
}

function print(message: Message & Values, indent: string, lines: string[]): void {
  for (const field of presentFields(message)) {
    const value = message[field.name];
    const list = field.repeated ? (value as ArrayLike<unknown>) : [value];
    for (let i = 0; i < list.length; i++) {
      if (field.type !== 'message') {
        lines.push(`${indent}${field.name}: ${scalarText(message, field, list[i], i)}`);
        continue;
      }
      lines.push(`${indent}${field.name} {`);
      print(list[i] as Message & Values, `${indent}  `, lines);
      lines.push(`${indent}}`);
    }
  }
}

/**
 * A message in protobuf's text format as Caffe prints it: two-space indents, fields in the order of their numbers, one
 * line per value. Reading it back gives an equal message.
 */
export function printText(message: object): string {
  messageType(message);
  const lines: string[] = [];
  print(message as Message & Values, '', lines);
  return lines.length > 0 ? `${lines.join('\n')}\n` : '';
}
