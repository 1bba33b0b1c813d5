import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { type EventSink, yaml } from '../core/index.ts';
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

/** What a reader needs to repeat a run: machine, versions, command. No secrets: of the environment only our own variables. */
function environment(): Record<string, unknown> {
  const ours = Object.entries(process.env).filter(([key]) => key.startsWith('CREMA_'));
  let compiler = '';
  try {
    compiler = execFileSync('g++', ['-dumpfullversion'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    compiler = 'none';
  }
  return {
    node: process.version,
    platform: `${platform()} ${release()} ${arch()}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_bytes: totalmem(),
    compiler: `g++ ${compiler}`,
    command: process.argv.slice(2),
    variables: Object.fromEntries(ours),
  };
}

/** Makes the folder and its first files; `resolved` is the configuration with every default filled in. */
export function openRunDirectory(path: string, resolved: Record<string, unknown>): RunDirectory {
  mkdirSync(join(path, 'snapshots'), { recursive: true });
  writeFileSync(join(path, 'config.resolved.yaml'), yaml().stringify(resolved));
  const writeJson = (name: string, value: unknown) =>
    writeFileSync(join(path, name), `${JSON.stringify(value, null, 2)}\n`);
  writeJson('environment.json', environment());
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
    write: (name, text) => writeFileSync(join(path, name), text),
    close() {
      events.close();
      log.close();
    },
  };
}
