/**
 * Caffe's flags come from gflags: one dash or two, underscores, `-solver x` or `-solver=x`. Commander knows two dashes and
 * hyphens. Values are left alone.
 */
export function normaliseArguments(args: readonly string[]): string[] {
  return args.map((arg) => {
    const match = /^-{1,2}([A-Za-z][A-Za-z0-9_-]+)(=.*)?$/s.exec(arg);
    if (!match) return arg;
    return `--${match[1]!.replaceAll('_', '-')}${match[2] ?? ''}`;
  });
}
