import { cpus } from 'node:os';
import { wholeNumber } from '../orchestrator/cli/flag-values.ts';
import { CremaError } from '../orchestrator/core/index.ts';
import { Session } from '../orchestrator/executor/index.ts';
import { runCardCase } from './conformance/card-case.ts';
import { folderKind, readLayerFolder } from './conformance/cases.ts';
import { HOST, type Outcome, type Place, runLayerCase } from './conformance/layer-case.ts';
import { readSolverCases, runSolverCase } from './conformance/solver-case.ts';
import { readOptions, runProgram } from './options.ts';

interface Options {
  readonly folder: string;
  readonly device: string;
  /** Lanes of blocked blobs, for layers on the host. */
  readonly lanes: number;
  readonly config: string;
}

/**
 * `npm run conformance -- --golden DIR [--device host|sim] [--lanes N] [--kernel-config C] [--json]`: a folder of recorded layers or solver runs, a line per
 * failure. On a card every layer goes where training would put it; the emulated card keeps its memory apart (strict).
 */
async function main(): Promise<void> {
  const values = readOptions(
    'npm run conformance --',
    'compares recorded layers or solver runs with what is computed here',
    {
      golden: { type: 'string', about: '<folder> of recorded cases' },
      device: { type: 'string', default: 'host', about: '<device> host, sim, or an OpenCL platform' },
      lanes: { type: 'string', default: '1', about: '<n> lanes of blocked blobs, for layers on the host' },
      'kernel-config': { type: 'string', default: 'f32', about: '<config> of the card' },
      json: { type: 'boolean', default: false, about: 'one JSON object' },
    },
  );
  if (!values.golden) throw new CremaError('usage', { message: 'no folder', expected: '--golden DIR' });
  const { golden: folder, device, 'kernel-config': config } = values;
  const outcomes = await runFolder({ folder, device, config, lanes: wholeNumber('--lanes', values.lanes, 1) });
  const count = (verdict: Outcome['verdict']) => outcomes.filter((o) => o.verdict === verdict).length;
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped')];
  const line = values.json ? console.error : console.log;
  for (const o of outcomes) if (o.verdict !== 'passed') line(`${o.verdict} ${o.name} (${o.type}): ${o.reason}`);
  const worst = Math.max(...outcomes.map((o) => o.worst));
  if (device !== 'host' && folderKind(folder) === 'layers') {
    line(`${outcomes.filter((o) => o.place === 'card').length} cases computed on the card`);
  }
  line(`largest difference ${worst.toPrecision(2)} of its tolerance`);
  if (values.json) console.log(JSON.stringify({ device, passed, failed, skipped, worst, cases: outcomes }));
  else console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exitCode = failed > 0 ? 1 : 0;
}

const hostPlace = (lanes: number): Place => (lanes === 1 ? HOST : { name: `host, ${lanes} lanes`, lanes });

/** Layer types with kernels on a card. */
const ON_CARD = new Set(['Convolution', 'InnerProduct']);

async function runFolder({ folder, device, lanes, config }: Options): Promise<Outcome[]> {
  const session = new Session({ device, board: 'u250', config, memory: 'strict', threads: cpus().length });
  try {
    const outcomes: Outcome[] = [];
    if (folderKind(folder) === 'solvers') {
      for (const golden of readSolverCases(folder)) outcomes.push(await runSolverCase(golden, folder, session));
      return outcomes;
    }
    return readLayerFolder(folder).cases.map((golden) =>
      device !== 'host' && ON_CARD.has(golden.type)
        ? runCardCase(golden, folder, session)
        : runLayerCase(golden, folder, hostPlace(lanes)),
    );
  } finally {
    session.close();
  }
}

await runProgram(main);
