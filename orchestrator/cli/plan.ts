import { cpus } from 'node:os';
import type { Command } from 'commander';
import { layoutName } from '../blob/index.ts';
import { usageError } from '../core/index.ts';
import { Session } from '../executor/index.ts';
import { describePlan, loadNet, planLevels } from '../recipes/index.ts';
import { type Phase, phase, record } from './flag-values.ts';
import { printer, table } from './output.ts';
import { type CommonFlags, commonFlags, experimentOf, sessionSettings } from './settings.ts';

interface PlanFlags extends CommonFlags {
  model?: string;
  phase: Phase;
  record?: [number, number, number];
}

function run(flags: PlanFlags): void {
  const experiment = experimentOf(flags);
  const model = flags.model ?? experiment.model;
  if (!model) throw usageError({ message: 'no net to plan', expected: '--model net.prototxt', code: 'no-model' });
  const net = loadNet(model, { phase: flags.phase, seed: experiment.seed, record: flags.record });
  const session = new Session({ ...sessionSettings(experiment), threads: experiment.threads ?? cpus().length });
  const plan = session.plan(net);
  const summary = describePlan(plan, net, session.manifest);
  const out = printer(flags.json === true);
  if (!out.json) {
    out.line(
      `${net.name} (${flags.phase}) for ${plan.device ? `${plan.device.board}/${plan.device.config}, ${plan.device.computeUnits} compute unit(s), ${plan.lanes} lanes` : 'the host'}`,
    );
    const rows = summary.layers.map((l) => [
      l.name,
      l.type,
      l.place,
      l.top,
      layoutName({ lanes: l.lanes }),
      (l.macs / 1e6).toFixed(2),
      l.cycles ?? '',
      l.utilisation === null ? '' : (100 * l.utilisation).toFixed(1),
      l.accumulator_bits === null ? l.precision : `${l.precision}, sums ${l.accumulator_bits}`,
      l.reason,
    ]);
    out.line(table(['layer', 'type', 'place', 'top', 'layout', 'MMAC', 'cycles', 'util %', 'precision', 'why'], rows));
    out.line(
      `blobs ${(plan.blobBytes / 1e6).toFixed(2)} MB in ${plan.slabs.length} slabs, parameters ${(plan.parameterBytes / 1e6).toFixed(2)} MB, layers' own ${(plan.layerBytes / 1e6).toFixed(2)} MB`,
    );
    if (summary.cycles !== null) {
      out.line(
        `card, modelled: ${summary.cycles} cycles a step, ${summary.milliseconds!.toFixed(3)} ms at ${summary.clock_mhz} MHz, array utilisation ${(100 * summary.utilisation!).toFixed(1)} %`,
      );
    }
    out.line(
      `transfers a step, planned: ${(summary.bytes_to_device / 1e6).toFixed(3)} MB to the card, ${(summary.bytes_from_device / 1e6).toFixed(3)} MB from it, ${summary.launches} launches`,
    );
  }
  const ladder = session.settings.precision?.ladder;
  const levels = ladder && planLevels(net, session, ladder);
  if (levels && !out.json) {
    const rows = levels.map((l) => [
      l.level,
      l.config,
      l.dsp_per_mac,
      l.cycles ?? '',
      l.milliseconds?.toFixed(3) ?? '',
      l.utilisation === null ? '' : (100 * l.utilisation).toFixed(1),
    ]);
    out.line('a step at each level, modelled:');
    out.line(table(['level', 'config', 'DSP/MAC', 'cycles', 'ms', 'util %'], rows));
  }
  out.result(levels ? { ...summary, levels } : summary);
}

/** `crema plan`: who runs what, where data lies, what it is modelled to cost. Touches no card. */
export function plan(program: Command): void {
  commonFlags(
    program.command('plan').description('placement with reasons, layouts, memory, modelled cycles and traffic'),
  )
    .option('--model <file>', 'net prototxt')
    .option('--phase <phase>', 'TRAIN or TEST', phase, 'TRAIN')
    .option('--record <CxHxW>', 'shape of a record, so that no data source is opened', record)
    .action(run);
}
