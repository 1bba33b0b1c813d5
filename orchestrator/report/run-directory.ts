import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { type EventSink, makeFolder, packageRoot, packageVersion, writing, yaml } from '../core/index.ts';
import { caffeLog } from './caffe-log.ts';
import { eventLog, LineFile, metrics } from './files.ts';

/** The folder of one run and the sinks that fill it. */
export interface RunDirectory {
  readonly path: string;
  readonly sinks: readonly EventSink[];
  writeJson(name: string, value: unknown): void;
  write(name: string, text: string): void;
  close(): void;
}

const two = (n: number) => String(n).padStart(2, '0');

/** runs/<name>-<date>-<time>, in the working directory. */
export function defaultRunPath(name: string): string {
  const d = new Date();
  const stamp = `${d.getFullYear()}${two(d.getMonth() + 1)}${two(d.getDate())}-${two(d.getHours())}${two(d.getMinutes())}${two(d.getSeconds())}`;
  return join('runs', `${name}-${stamp}`);
}

/** What a program prints, undefined where it is not there or fails. */
function answer(program: string, ...args: string[]): string | undefined {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

/** Which Crema this is: its version, and in a checkout the commit, `-dirty` where files differ from it. */
function ourselves(): { crema: string; commit?: string } {
  const root = packageRoot();
  const commit = existsSync(join(root, '.git'))
    ? answer('git', '-C', root, 'describe', '--always', '--exclude=*', '--dirty', '--abbrev=40')
    : undefined;
  return { crema: packageVersion(), ...(commit !== undefined && { commit }) };
}

/** What a reader needs to repeat a run: machine, versions, command. No secrets: of the environment only our own variables. */
function environment(command: readonly string[]): Record<string, unknown> {
  const ours = Object.entries(process.env).filter(([key]) => key.startsWith('CREMA_'));
  return {
    ...ourselves(),
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_bytes: totalmem(),
    compiler: `g++ ${answer('g++', '-dumpfullversion') ?? 'none'}`,
    command,
    variables: Object.fromEntries(ours),
  };
}

/** Makes the folder and its first files; `resolved` is the configuration with every default filled in, `command` what the user typed. */
export function openRunDirectory(
  path: string,
  resolved: Record<string, unknown>,
  command: readonly string[],
): RunDirectory {
  makeFolder(join(path, 'snapshots'));
  const write = (name: string, text: string) => writing(join(path, name), () => writeFileSync(join(path, name), text));
  const writeJson = (name: string, value: unknown) => write(name, `${JSON.stringify(value, null, 2)}\n`);
  write('config.resolved.yaml', yaml().stringify(resolved));
  writeJson('environment.json', environment(command));
  const events = new LineFile(join(path, 'events.ndjson'));
  const log = new LineFile(join(path, 'train.log'));
  return {
    path,
    sinks: [
      eventLog(events),
      caffeLog((text) => log.write(text)),
      metrics(join(path, 'metrics.train.csv'), 'train'),
      metrics(join(path, 'metrics.test.csv'), 'test'),
    ],
    writeJson,
    write,
    close() {
      events.close();
      log.close();
    },
  };
}
