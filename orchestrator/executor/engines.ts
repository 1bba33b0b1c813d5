import { inputError } from '../core/index.ts';
import { type ElementBits, loadManifest, type Manifest, manifestConfigs } from '../kernels/index.ts';
import { engineBits, type Level, levelName, type PrecisionSettings } from '../precision/index.ts';

/** Element widths that a level needs of one bitstream, single layers' levels included; fp32 layers below a fixed level may run on the host. */
function neededBits(settings: PrecisionSettings, level: Level): ElementBits[] {
  const single = settings.layers.map((l) => engineBits(l.level)).filter((bits) => bits !== 32);
  return [...new Set([engineBits(level), ...single])];
}

const covers = (manifest: Manifest, bits: readonly ElementBits[]) =>
  bits.every((b) => manifest.elementBits.includes(b));

/**
 * The bitstream of the same board that computes with all these widths: the one asked for where it does, else that with as many
 * compute units, then the fewest widths, then the first by name.
 */
function engineFor(base: Manifest, bits: readonly ElementBits[]): Manifest | undefined {
  if (covers(base, bits)) return base;
  const units = (m: Manifest) => (m.computeUnits.length === base.computeUnits.length ? 0 : 1);
  return manifestConfigs(base.board)
    .map((config) => loadManifest(base.board, config))
    .filter((m) => covers(m, bits))
    .sort(
      (a, b) => units(a) - units(b) || a.elementBits.length - b.elementBits.length || (a.config < b.config ? -1 : 1),
    )[0];
}

/**
 * One manifest per level of a ladder; undefined where fp32 on the host is all it needs. `only`: no other bitstream may be loaded (the user named an xclbin).
 * Throws input errors where a level has no engine: nothing falls back to fp32 in silence.
 */
export function ladderEngines(
  settings: PrecisionSettings,
  base: Manifest | undefined,
  only = false,
): (Manifest | undefined)[] {
  return settings.ladder.map((level) => {
    const bits = neededBits(settings, level);
    if (!base && bits.every((b) => b === 32)) return undefined;
    const found = base && (only ? (covers(base, bits) ? base : undefined) : engineFor(base, bits));
    if (found) return found;
    const has = base ? `${base.board}/${base.config} computes with ${base.elementBits.join(', ')} bits` : '';
    throw inputError({
      path: 'precision > ladder',
      message: `${levelName(level)} needs an engine for ${bits.join(' and ')} bits; ${has || 'the host computes in fp32'}`,
      expected: base ? 'a level that some bitstream of the board has' : 'a device',
      hint: base
        ? 'see `crema bitstream inspect`; a config with several widths (mixed) serves single layers of other levels'
        : 'choose a device, or leave `precision` out',
      code: 'no-engine',
    });
  });
}
