/**
 * Writes orchestrator/proto/messages.ts (interfaces and enumerations) and orchestrator/proto/schema.ts (the tables the
 * readers and writers work from) out of protos/caffe.proto. Run: npx tsx scripts/generate-messages.ts [--check]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import protobuf from 'protobufjs';

const root = join(import.meta.dirname, '..');
const header = '// generated from protos/caffe.proto by scripts/generate-messages.ts; do not edit\n';

const numeric: Record<string, string> = { float: 'Floats', double: 'Doubles' };
const scalar = (type: string): string =>
  type === 'bool' ? 'boolean' : type === 'string' ? 'string' : type === 'bytes' ? 'Uint8Array' : 'number';

/** `FillerParameter.VarianceNorm` becomes `FillerParameter_VarianceNorm`, unique in one file. */
const flat = (type: protobuf.ReflectionObject): string => type.fullName.replace(/^\.caffe\./, '').replace('.', '_');

function fieldType(field: protobuf.Field): string {
  const { resolvedType } = field;
  const base = resolvedType ? flat(resolvedType) : scalar(field.type);
  if (field.repeated) return (field.packed && numeric[field.type]) || `${base}[]`;
  return resolvedType instanceof protobuf.Type ? `${base} | null` : base;
}

function defaultOf(field: protobuf.Field): string | undefined {
  const value = field.getOption('default');
  if (value === undefined) return undefined;
  if (field.resolvedType instanceof protobuf.Enum) return String(field.resolvedType.values[value as string]);
  return JSON.stringify(value);
}

function generate(): Record<string, string> {
  const source = readFileSync(join(root, 'protos', 'caffe.proto'), 'utf8');
  const parsed = protobuf.parse(source, { keepCase: true, alternateCommentMode: true, preferTrailingComment: false });
  const caffe = parsed.root.resolveAll().lookup('caffe') as protobuf.Namespace;
  const types: protobuf.Type[] = [];
  const enums: protobuf.Enum[] = [];
  for (const item of caffe.nestedArray) {
    if (item instanceof protobuf.Enum) enums.push(item);
    if (!(item instanceof protobuf.Type)) continue;
    types.push(item);
    for (const inner of item.nestedArray) if (inner instanceof protobuf.Enum) enums.push(inner);
  }

  let messages = `${header}\n/** Packed floats: typed memory where they were read from a file, plain arrays where they were written by hand. */
export type Floats = Float32Array | number[];\nexport type Doubles = Float64Array | number[];\n\n`;
  for (const item of enums) {
    const name = flat(item);
    messages += `export const ${name} = ${JSON.stringify(item.values)} as const;\n`;
    messages += `export type ${name} = (typeof ${name})[keyof typeof ${name}];\n\n`;
  }
  let schema = `${header}\nimport type { FieldSpec } from './field.ts';\n\n`;
  schema += 'export const enumTable: Record<string, Readonly<Record<string, number>>> = {\n';
  for (const item of enums) schema += `${flat(item)}: ${JSON.stringify(item.values)},\n`;
  schema += '};\n\nexport const messageTable: Record<string, readonly FieldSpec[]> = {\n';
  for (const type of types) {
    messages += `${type.comment ? `/** ${type.comment} */\n` : ''}export interface ${type.name} {\n`;
    schema += `${type.name}: [\n`;
    for (const field of type.fieldsArray) {
      if (field.comment) messages += `/** ${field.comment} */\n`;
      messages += `${field.name}: ${fieldType(field)};\n`;
      const { resolvedType } = field;
      const kind = resolvedType ? (resolvedType instanceof protobuf.Enum ? 'enum' : 'message') : field.type;
      const extra = [
        resolvedType && `of: '${flat(resolvedType)}'`,
        field.repeated && `repeated: true`,
        field.required && `required: true`,
        field.repeated && field.packed && field.getOption('packed') === true && `packed: true`,
        defaultOf(field) !== undefined && `default: ${defaultOf(field)}`,
      ].filter(Boolean);
      schema += `{ name: '${field.name}', number: ${field.id}, type: '${kind}'${extra.map((e) => `, ${e}`).join('')} },\n`;
    }
    messages += '}\n\n';
    schema += '],\n';
  }
  messages += `export interface Messages {\n${types.map((t) => `${t.name}: ${t.name};`).join('\n')}\n}\n`;
  schema += '};\n';
  return { 'messages.ts': messages, 'schema.ts': schema };
}

/** Biome's form, so that a regenerated file differs only where the schema does. */
function format(text: string, name: string): string {
  return execFileSync('npx', ['biome', 'format', `--stdin-file-path=${name}`], { cwd: root, input: text }).toString();
}

for (const [name, text] of Object.entries(generate())) {
  const path = join(root, 'orchestrator', 'proto', name);
  const formatted = format(text, name);
  if (!process.argv.includes('--check')) writeFileSync(path, formatted);
  else if (readFileSync(path, 'utf8') !== formatted) {
    console.error(`${path} is not what protos/caffe.proto gives: run npx tsx scripts/generate-messages.ts`);
    process.exitCode = 1;
  }
}
