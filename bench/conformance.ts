import { parseArgs } from 'node:util';
import { CremaError } from '../orchestrator/core/index.ts';
import { folderKind, readLayerFolder } from './conformance/cases.ts';
import { HOST, type Outcome, type Place, runLayerCase } from './conformance/layer-case.ts';

/** `npm run conformance -- --golden DIR [--device host|sim] [--lanes N] [--json]`: a folder of reference cases, a line per failure. */
function main(): void {
  const { values } = parseArgs({
    options: {
      golden: { type: 'string' },
      device: { type: 'string', default: 'host' },
      lanes: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  });
  if (!values.golden) throw new CremaError('usage', { message: 'no folder', expected: '--golden DIR' });
  const outcomes = runFolder(values.golden, place(values.device, Number(values.lanes)));
  const count = (verdict: Outcome['verdict']) => outcomes.filter((o) => o.verdict === verdict).length;
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
  const line = values.json ? console.error : console.log;
  for (const o of outcomes) if (o.verdict !== 'passed') line(`${o.verdict} ${o.name} (${o.type}): ${o.reason}`);
  if (values.json) console.log(JSON.stringify({ device: values.device, passed, failed, skipped, cases: outcomes }));
  else console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}

function place(device: string, lanes: number): Place {
  if (device === 'host') return lanes === 1 ? HOST : { name: `host, ${lanes} lanes`, lanes };
  throw new CremaError('usage', { message: `unknown device '${device}'`, expected: 'host' });
}

function runFolder(folder: string, where: Place): Outcome[] {
  if (folderKind(folder) === 'layers') {
    const { cases } = readLayerFolder(folder);
    return cases.map((golden) => runLayerCase(golden, folder, where));
  }
  throw new CremaError('usage', { message: `${folder} holds solver cases`, expected: 'a folder of layer cases' });
}

try {
  main();
} catch (error) {
  if (!(error instanceof CremaError)) throw error;
  console.error(error.message);
  process.exitCode = error.exitCode;
}
