import type { Blob, Shape } from '../blob/index.ts';
import { inputError } from '../core/index.ts';
import { repeatTiles, sumTiles } from '../math/copies.ts';
import { create, isSet, type TileParameter } from '../proto/index.ts';
import { canonicalAxis } from './axes.ts';
import { cut, cutLayouts } from './join.ts';
import type { Layer, LayerType } from './layer.ts';

class Tile implements Layer {
  readonly params = [];
  private readonly settings: TileParameter;
  private axis = 1;

  constructor(settings: TileParameter) {
    this.settings = settings;
    if (isSet(settings, 'tiles') && settings.tiles > 0) return;
    throw inputError({
      message: isSet(settings, 'tiles') ? `tiles: ${settings.tiles}` : 'the number of tiles is not given',
      path: 'tile_param > tiles',
      expected: 'an integer ≥ 1',
      code: 'tiles',
    });
  }

  reshape([bottom]: readonly Shape[]): Shape[] {
    this.axis = canonicalAxis(this.settings.axis, bottom!, 'tile_param > axis');
    return [bottom!.map((d, a) => (a === this.axis ? d * this.settings.tiles : d))];
  }

  forward([bottom]: readonly Blob[], [top]: readonly Blob[]): void {
    const { outer, inner } = cut(bottom!.shape, bottom!.layout, this.axis);
    repeatTiles(outer, bottom!.shape[this.axis]! * inner, this.settings.tiles, bottom!.data, top!.data);
  }

  backward([top]: readonly Blob[], [wanted]: readonly boolean[], [bottom]: readonly Blob[]): void {
    if (!wanted) return;
    const { outer, inner } = cut(bottom!.shape, bottom!.layout, this.axis);
    sumTiles(outer, bottom!.shape[this.axis]! * inner, this.settings.tiles, top!.diff, bottom!.diff);
  }
}

/** The bottom repeated along one axis. */
export const tileLayer: LayerType = {
  type: 'Tile',
  bottoms: { min: 1, max: 1 },
  tops: { min: 1, max: 1 },
  layouts: 'nchw',
  layoutsFor: (param, bottoms) => cutLayouts(param.tile_param?.axis ?? 1, bottoms[0]!.length),
  backwardReads: { bottoms: false, tops: false },
  create: (param) => new Tile(param.tile_param ?? create('TileParameter')),
};
