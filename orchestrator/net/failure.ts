import { CremaError, type Problem, type Span } from '../core/index.ts';
import { type LayerParameter, spanOf } from '../proto/index.ts';

/** Problems after which the search for more ends: nobody reads further, and a damaged file can have a million. */
export const MOST_PROBLEMS = 1000;

/** The position of a path such as `convolution_param > group` inside a layer's text, or of the nearest thing above it. */
function spanOfPath(param: LayerParameter, path: string | undefined): Span | undefined {
  let span = spanOf(param, 'name') ?? spanOf(param);
  let message: unknown = param;
  for (const part of path?.split(' > ') ?? []) {
    if (typeof message !== 'object' || message === null) break;
    const field = /^(\w+)(?:\[(\d+)\])?$/.exec(part);
    if (!field) break;
    span = spanOf(message, field[1]!, field[2] === undefined ? undefined : Number(field[2])) ?? span;
    const value: unknown = (message as Record<string, unknown>)[field[1]!];
    message = Array.isArray(value) ? value[Number(field[2] ?? 0)] : value;
  }
  return span;
}

/** What a layer said is wrong, with its name and its place in the text. Errors nobody raised on purpose pass through. */
export function layerProblems(error: unknown, param: LayerParameter): readonly Problem[] {
  if (!(error instanceof CremaError) || error.kind === 'internal') throw error;
  const problems = error.problems.map((p) => ({
    ...p,
    path: [param.name, ...(p.path ? [p.path] : [])].join(' > '),
    span: p.span ?? spanOfPath(param, p.path),
  }));
  if (error.kind !== 'input') throw new CremaError(error.kind, problems, { cause: error });
  return problems;
}
