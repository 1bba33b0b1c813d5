/** Fixed-point ops through OpenCL on the emulated card: `fixed-child.ts CASES (XCLBIN BITS)...`. Prints, per bitstream, the indices that came out otherwise than the reference says. */
import { readFileSync } from 'node:fs';
import { Tensor } from '../../orchestrator/blob/index.ts';
import { type Device, openDevice } from '../../orchestrator/device/index.ts';
import { expectedResult, type FixedCase, fixedCase, portsOf, resultOf } from './fixed-cases.ts';

/** Moves a case's ports to the card, runs a descriptor per compute unit, and takes everything back. */
function run(card: Device, t: FixedCase, index: number) {
  const { ports, descriptors } = portsOf(t);
  const views = [ports.a, ports.b, ports.c, ports.bias];
  const buffers = views.map((view, i) => {
    const tensor = new Tensor(`${index}.${i}`, Math.ceil(view.byteLength / 4));
    new Uint8Array(tensor.host.buffer, tensor.host.byteOffset).set(
      new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
    );
    return card.allocate(tensor, i);
  });
  const up = card.toDevice(buffers);
  const launches = descriptors.map((bytes, unit) =>
    card.launch({ label: `${index}.${unit}`, computeUnit: unit, operands: buffers, descriptors: bytes }, [up]),
  );
  card.wait([card.fromDevice(buffers.slice(2), launches)]);
  views.slice(2).forEach((view, i) => {
    const { host } = buffers[i + 2]!.tensor;
    new Uint8Array(view.buffer).set(new Uint8Array(host.buffer, host.byteOffset, view.byteLength));
  });
  for (const buffer of buffers) card.release(buffer);
  return resultOf(t, ports);
}

const [cases = '', ...bitstreams] = process.argv.slice(2);
const found = [];
for (let i = 0; i < bitstreams.length; i += 2) {
  const file = bitstreams[i]!;
  const image = { kind: 'xclbin', file, bytes: readFileSync(file) } as const;
  const card = openDevice({ device: 'sim', image, abi: 1, deadline: 60 });
  const wrong: number[] = [];
  let done = 0;
  for (let index = 0; done < Number(cases); index++) {
    const t = { ...fixedCase(index), units: card.computeUnits };
    if (t.fixed.elementBits !== Number(bitstreams[i + 1])) continue;
    done++;
    if (JSON.stringify(run(card, t, index)) !== JSON.stringify(expectedResult('reference', t))) wrong.push(index);
  }
  found.push({ units: card.computeUnits, done, wrong });
  card.close();
}
process.stdout.write(`${JSON.stringify(found)}\n`);
