import { cpus } from 'node:os';
import type { Command } from 'commander';
import { usageError } from '../core/index.ts';
import { compileEarly } from './compile-early.ts';
import { type Phase, phase, whole } from './flag-values.ts';
import { printer, table } from './output.ts';
import { type CommonFlags, commonFlags, experimentOf, sessionSettings } from './settings.ts';

interface TimeFlags extends CommonFlags {
  model?: string;
  iterations: number;
  phase: Phase;
  forwardOnly?: boolean;
}

const fixed = (ms: number) => ms.toFixed(3);

async function run(flags: TimeFlags): Promise<void> {
  compileEarly();
  // The clock wraps native calls when their library is loaded, so it is asked for before anything is.
  process.env.CREMA_NATIVE_CLOCK = '1';
  const { Session } = await import('../executor/index.ts');
  const { loadNet, timeNet } = await import('../recipes/index.ts');
  const experiment = experimentOf(flags);
  const model = flags.model ?? experiment.model;
  if (!model) throw usageError({ message: 'no net to time', expected: '--model net.prototxt', code: 'no-model' });
  const net = loadNet(model, { phase: flags.phase, seed: experiment.seed });
  const session = new Session(sessionSettings(experiment));
  const out = printer(flags.json === true);
  try {
    const result = timeNet(net, session, {
      iterations: flags.iterations,
      seed: experiment.seed,
      threads: experiment.threads ?? cpus().length,
      forwardOnly: flags.forwardOnly === true || flags.phase === 'TEST',
    });
    if (!out.json) {
      out.line(
        `${result.net} on ${result.device} (${result.provenance}), batch ${result.batch}, ${result.threads} threads`,
      );
      const columns = [
        'layer',
        'type',
        'place',
        'host fwd ms',
        'host bwd ms',
        'card fwd ms',
        'card bwd ms',
        'launches',
      ];
      const rows = result.layers.map((l) => [
        l.name,
        l.type,
        l.place,
        fixed(l.host_forward_ms),
        fixed(l.host_backward_ms),
        fixed(l.device_forward_ms),
        fixed(l.device_backward_ms),
        l.launches,
      ]);
      out.line(table(columns, rows));
      out.line(
        `${fixed(result.step_ms)} ms a step, ${result.images_per_second.toFixed(1)} images/s, ${result.launches} launches`,
      );
      out.line(
        `to the card ${(result.bytes_to_device / 1e6).toFixed(3)} MB, from it ${(result.bytes_from_device / 1e6).toFixed(3)} MB a step`,
      );
      if (result.array_utilisation !== null)
        out.line(`array utilisation ${(100 * result.array_utilisation).toFixed(1)} % (modelled)`);
      out.line(
        `JavaScript ${fixed(result.javascript_ms)} ms a step, ${(100 * result.javascript_share).toFixed(1)} % of it`,
      );
    }
    out.result(result);
  } finally {
    session.close();
  }
}

/** `crema time`, Caffe's verb: what a step costs, layer by layer. */
export function time(program: Command): void {
  commonFlags(program.command('time').description('time a net: host, card, transfers, per layer and pass'))
    .option('--model <file>', 'net prototxt')
    .option('--iterations <n>', 'steps to time', whole('--iterations', 1), 50)
    .option('--phase <phase>', 'TRAIN or TEST', phase, 'TRAIN')
    .option('--forward-only', 'no backward pass')
    .action(run);
}
