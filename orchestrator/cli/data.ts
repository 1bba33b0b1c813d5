import type { Command } from 'commander';
import { usageError } from '../core/index.ts';
import { channelMeans, convertData, type DataRequest, inspectData, makeData, meanData } from '../recipes/index.ts';
import { size, whole } from './flag-values.ts';
import { printer, table } from './output.ts';

interface SourceFlags {
  root?: string;
  resize?: [number, number];
  gray?: boolean;
  shuffle?: boolean;
  seed?: number;
  json?: boolean;
}

interface OutputFlags extends SourceFlags {
  output: string;
  encoded?: boolean;
}

interface MakeFlags {
  output: string;
  part: string;
  count?: number;
  seed?: number;
  json?: boolean;
}

function requestOf(source: string, flags: SourceFlags): DataRequest {
  return {
    source,
    root: flags.root,
    shuffle: flags.shuffle,
    ...(flags.seed !== undefined && { seed: flags.seed }),
    ...(flags.gray && { color: 'gray' as const }),
    ...(flags.resize && { size: flags.resize }),
  };
}

const shapeText = (shape: readonly number[]) => shape.join('×');

async function make(set: string, flags: MakeFlags): Promise<void> {
  const query = [
    ...(flags.count === undefined ? [] : [`count=${flags.count}`]),
    ...(flags.seed === undefined ? [] : [`seed=${flags.seed}`]),
  ].join('&');
  const scheme = set.includes('-') ? set : `synthetic-${set}`;
  const whole = set.includes(':') ? set : `${scheme}:${flags.part}${query ? `?${query}` : ''}`;
  if (set.includes(':') && query) {
    throw usageError({
      message: '--count and --seed beside a whole source',
      expected: `one of the two: ${set}${set.includes('?') ? '&' : '?'}${query}`,
      code: 'twice',
    });
  }
  const { records, shape, path } = await makeData(whole, flags.output);
  const out = printer(flags.json === true);
  if (!out.json) out.line(`${path}: ${records} records of ${shapeText(shape)} (${whole})`);
  out.result({ source: whole, records, shape, output: path });
}

async function convert(source: string, flags: OutputFlags): Promise<void> {
  const { records, shape, path } = await convertData(requestOf(source, flags), flags.output, flags.encoded === true);
  const out = printer(flags.json === true);
  if (!out.json) out.line(`${path}: ${records} records of ${shapeText(shape)}`);
  out.result({ source, records, shape, output: path });
}

async function inspect(source: string, flags: SourceFlags): Promise<void> {
  const found = await inspectData(requestOf(source, flags));
  const out = printer(flags.json === true);
  if (!out.json) {
    out.line(`${found.name}: ${found.kind}, ${found.records} records of ${shapeText(found.shape)}, ${found.element}`);
    if (found.channelMeans) out.line(`channel means: ${found.channelMeans.map((m) => m.toFixed(3)).join(' ')}`);
    out.line(table(['label', 'records'], [...found.labels]));
  }
  out.result({ ...found, labels: Object.fromEntries(found.labels) });
}

async function mean(source: string, flags: SourceFlags & { output?: string }): Promise<void> {
  const image = await meanData(requestOf(source, flags), flags.output);
  const channels = channelMeans(image);
  const out = printer(flags.json === true);
  if (!out.json) {
    // Caffe's compute_image_mean prints these words; scripts read them.
    for (const [c, value] of channels.entries()) out.line(`mean_value channel [${c}]: ${Number(value.toPrecision(6))}`);
    if (flags.output !== undefined) out.line(`${flags.output}: mean image of ${shapeText(image.shape)}`);
  }
  out.result({ source, shape: image.shape, channel_means: channels, output: flags.output ?? null });
}

function sourceFlags(command: Command): Command {
  return command
    .option('--root <folder>', 'list of pictures: folder their paths count from')
    .option('--resize <HxW>', 'pictures: height and width', size)
    .option('--gray', 'pictures: one channel')
    .option('--shuffle', 'list of pictures: in drawn order')
    .option('--seed <n>', 'seed of the drawn order', whole('--seed'))
    .option('--json', 'one JSON object on stdout')
    .exitOverride();
}

/** `crema data make|convert|inspect|mean`. */
export function data(program: Command): void {
  const verb = program.command('data').description('make, convert and look at sets of records').exitOverride();
  verb
    .command('make <set>')
    .description('draw a generated set (digits, images) and write it as an LMDB that Caffe reads')
    .requiredOption('--output <folder>', 'the LMDB; must not exist')
    .option('--part <part>', 'train or test', 'train')
    .option('--count <n>', 'number of records', whole('--count', 1))
    .option('--seed <n>', 'seed', whole('--seed'))
    .option('--json', 'one JSON object on stdout')
    .exitOverride()
    .action(make);
  sourceFlags(verb.command('convert <source>'))
    .description('write an idx file, CIFAR-10 folder, database or list of pictures as an LMDB')
    .requiredOption('--output <folder>', 'the LMDB; must not exist')
    .option('--encoded', 'pictures stay compressed')
    .action(convert);
  sourceFlags(verb.command('inspect <source>'))
    .description('records, shape, labels and channel means of a set')
    .action(inspect);
  sourceFlags(verb.command('mean <source>'))
    .description('mean image of a set')
    .option('--output <file>', 'write it for mean_file (.binaryproto)')
    .action(mean);
}
