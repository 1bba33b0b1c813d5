import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../orchestrator/core/index.ts';
import { Session } from '../../orchestrator/executor/index.ts';
import { closeNet, createParams } from '../../orchestrator/net/index.ts';
import { planTraffic } from '../../orchestrator/plan/index.ts';
import { fillInputs, loadNet } from '../../orchestrator/recipes/index.ts';
import { SIM, simBuilt } from './children.ts';

describe.skipIf(!simBuilt)('what a plan says it moves is what the device counts', () => {
  let session = new Session(SIM);
  afterAll(() => session.close());

  for (const [name, config, launches] of [
    ['lenet', 'f32', 11],
    ['alexnet-cifar10', 'f32', undefined],
    ['lenet', 'f32-x2', 22],
  ] as const) {
    for (const training of [true, false]) {
      it(`${name} on ${config}, ${training ? 'a step of training' : 'a forward pass'}`, () => {
        if (session.settings.config !== config) {
          session.close();
          session = new Session({ ...SIM, config });
        }
        const file = join(packageRoot(), 'bench', 'nets', `${name}.prototxt`);
        const net = loadNet(file, { phase: 'TRAIN', seed: 1 });
        const params = createParams(net, 1);
        const execution = session.execute(net, params, { training });
        fillInputs(net, execution, 1);
        const step = () => {
          execution.forward();
          for (const output of net.outputs) execution.blob(output);
          if (!training) return;
          execution.backward(false);
          execution.collectGradients();
          execution.parametersChanged();
        };
        step();
        execution.settle();
        const before = { ...session.device!.counters };
        step();
        execution.settle();
        const after = session.device!.counters;
        const counted = {
          toDevice: after.bytesToDevice - before.bytesToDevice,
          fromDevice: after.bytesFromDevice - before.bytesFromDevice,
          launches: after.launches - before.launches,
        };
        const planned = planTraffic(execution.plan, net);
        expect(counted).toEqual(planned);
        if (training && launches !== undefined) expect(planned.launches).toBe(launches);
        // The bar for Barista's workload: a launch per pass of a convolution, 0.06 GB an iteration.
        if (name === 'alexnet-cifar10') {
          const onCard = execution.plan.placements.filter((p) => p.place === 'fpga').length;
          expect(planned.launches).toBeLessThanOrEqual(onCard * 3);
          expect(planned.toDevice + planned.fromDevice).toBeLessThanOrEqual(0.06e9);
        }
        const { blobs, parameters } = execution.memoryBytes();
        expect(blobs).toBe(execution.plan.blobBytes);
        expect(parameters).toBe(execution.plan.parameterBytes);
        execution.close();
        closeNet(net);
      });
    }
  }
});
