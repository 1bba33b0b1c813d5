import { dataError, hashName, RandomStream } from '../core/index.ts';
import { drawFieldMeans, drawFields } from '../math/index.ts';
import { parseClassList } from './class-list.ts';
import type { SyntheticKind } from './synthetic-set.ts';
import { checkQuery, integerOption, type SourceUri, shapeOption } from './uri.ts';

/** Records of a class in one pass by default: 90 to learn from, of which one in five is held back, and 100 to test on. */
const PER_CLASS = { train: 72, val: 18, test: 100 };
const SCHEME = 'synthetic-fields';

function readOptions(uri: SourceUri) {
  checkQuery(uri, ['classes', 'groups', 'perclass', 'only', 'seed', 'shape']);
  if (!(uri.rest in PER_CLASS)) {
    throw dataError({
      message: `${uri.text}: the part is "${uri.rest}"`,
      expected: `${SCHEME}:train, ${SCHEME}:val or ${SCHEME}:test`,
      code: 'bad-source',
    });
  }
  const classes = integerOption(uri, 'classes', 20, 1, 1000);
  const groups = integerOption(uri, 'groups', classes % 4 === 0 ? classes / 4 : 1, 1, classes);
  const only = uri.query.get('only');
  const chosen = only === undefined ? [...Array(classes).keys()] : parseClassList(only, uri.text);
  if (classes % groups !== 0 || chosen.at(-1)! >= classes) {
    throw dataError({
      message: `${uri.text}: ${classes % groups !== 0 ? `${groups} groups` : `class ${chosen.at(-1)}`} of ${classes} classes`,
      expected: classes % groups !== 0 ? 'a divisor of the number of classes' : `classes below ${classes}`,
      code: 'bad-source-option',
    });
  }
  return {
    classes,
    groups,
    chosen,
    perClass: integerOption(uri, 'perclass', PER_CLASS[uri.rest as keyof typeof PER_CLASS], 1, 2 ** 30),
    seed: integerOption(uri, 'seed', 1, 0, Number.MAX_SAFE_INTEGER),
    shape: shapeOption(uri, [3, 16, 16]),
  };
}

/**
 * Related classes (a group of four, by default) share a smooth random field and differ by a weaker one of their own; a record is
 * its class' field shifted, scaled, mixed with another class' and noisy. Level 128 is zero, 16 levels are one unit.
 * A pass shows every class `perclass` times, in rounds of all classes in an order of their own. `only=0-3,8` leaves out the
 * other classes' records and changes nothing about those that stay. Train, val and test share the fields and no record.
 */
export const fields: SyntheticKind = (uri) => {
  const { classes, groups, chosen, perClass, seed, shape } = readOptions(uri);
  const key = { seed, stream: hashName(`${SCHEME}:${uri.rest}`) };
  const kept = new Set(chosen);
  let means: Float32Array | undefined;
  let last = { round: -1, order: [] as readonly number[] };
  const orderOf = (round: number): readonly number[] => {
    if (last.round !== round) {
      const draws = new RandomStream(seed, `${SCHEME}:${uri.rest}:order`, round * 1024);
      const all = draws.shuffle([...Array(classes).keys()]);
      last = { round, order: all.filter((label) => kept.has(label)) };
    }
    return last.order;
  };
  return {
    shape,
    classes,
    count: perClass * chosen.length,
    draw(first, out, labels) {
      means ??= drawFieldMeans({ seed, stream: hashName(SCHEME) }, classes, groups, shape);
      const numbers = new BigInt64Array(labels.length);
      labels.forEach((_, i) => {
        const round = Math.floor((first + i) / chosen.length);
        const label = orderOf(round)[(first + i) % chosen.length]!;
        labels[i] = label;
        numbers[i] = BigInt(round * classes + label);
      });
      drawFields(key, means, classes, numbers, shape, out);
    },
  };
};
