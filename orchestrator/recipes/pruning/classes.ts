import { inputError, nearest, yaml } from '../../core/index.ts';
import { parseClassList } from '../../data/index.ts';
import { readInput } from '../nets.ts';

/** Named groups of classes: a YAML or JSON file of `name: 0-4,17` or `name: [0, 1, 2]`. */
export function readClassGroups(file: string): ReadonlyMap<string, readonly number[]> {
  const found: unknown = yaml().parse(readInput(file, 'class groups').toString('utf8'));
  if (typeof found !== 'object' || found === null || Array.isArray(found)) {
    throw inputError({
      message: `${file} holds no class groups`,
      expected: 'lines of `name: 0-4,17`',
      code: 'class-groups',
    });
  }
  return new Map(
    Object.entries(found).map(([name, classes]) => [name, parseClassList(String(classes), `${file}, ${name}`)]),
  );
}

/** Classes of a text such as `0-3,8` or `aquatic,indoor`, the names being those of groups. */
export function namedClasses(text: string, groups: ReadonlyMap<string, readonly number[]>): readonly number[] {
  const classes = new Set<number>();
  for (const part of text.split(',').map((word) => word.trim())) {
    if (/^[\d\s-]+$/.test(part)) for (const label of parseClassList(part, 'classes')) classes.add(label);
    else {
      const group = groups.get(part);
      if (!group) {
        const near = nearest(part, groups.keys());
        throw inputError({
          message: `there is no group of classes '${part}'`,
          expected: groups.size > 0 ? [...groups.keys()].join(', ') : 'class numbers, or a file of groups',
          ...(near ? { hint: `did you mean '${near}'?` } : {}),
          code: 'unknown-group',
        });
      }
      for (const label of group) classes.add(label);
    }
  }
  return [...classes].sort((a, b) => a - b);
}
