import { concatDescriptors } from '../../orchestrator/kernels/index.ts';
import { type NativeFunction, native, withAddresses } from '../../orchestrator/native/index.ts';
import { type FixedCase, type FixedResult, portsOf, resultOf } from './fixed-cases.ts';

/** Calls an engine.so as the emulated card does, in this process. */
export function openEngine(path: string): (t: FixedCase) => FixedResult {
  const library = native().load(path);
  const call: NativeFunction = library.declare('crema_sim_call_crema_engine', 'void', ['pointer']);
  return (t) => {
    const { ports, descriptors } = portsOf(t);
    const ops = concatDescriptors(descriptors);
    const memory = [ports.a, ports.b, ports.c, ports.bias, ops];
    withAddresses(memory, (addresses) => {
      const values = BigUint64Array.of(...addresses, BigInt(descriptors.length));
      withAddresses([values], ([first]) => call(BigUint64Array.from(values, (_, i) => first! + BigInt(8 * i))));
    });
    return resultOf(t, ports);
  };
}
