import { elementCount, type Shape, sameShape } from '../blob/index.ts';
import type { Problem } from '../core/index.ts';
import type { ParamSpec } from '../layers/index.ts';
import {
  type FillerParameter,
  isSet,
  type LayerParameter,
  ParamSpec_DimCheckMode,
  type ParamSpec as ParamText,
  spanOf,
} from '../proto/index.ts';
import type { NetParam } from './net.ts';

interface Entry {
  index: number;
  key: string;
  layer: number;
  layerName: string;
  slot: number;
  shape: Shape;
  name: string;
  owner: number;
  filler: FillerParameter | undefined;
  lrMult: number;
  decayMult: number;
  lrGiven: boolean;
  decayGiven: boolean;
}

/** Collects the parameter blobs of a net in order and resolves sharing by `param { name }` as Caffe's AppendParam does. */
export class ParamTable {
  private readonly entries: Entry[] = [];
  private readonly owners = new Map<string, Entry>();
  private readonly problems: Problem[];

  constructor(problems: Problem[]) {
    this.problems = problems;
  }

  /** Adds param `slot` of a layer; returns its index. */
  add(layer: number, param: LayerParameter, slot: number, spec: ParamSpec): number {
    const text: ParamText | undefined = param.param[slot];
    const name = text?.name ?? '';
    const entry: Entry = {
      index: this.entries.length,
      key: `${param.name}[${slot}]`,
      layer,
      layerName: param.name,
      slot,
      shape: spec.shape,
      name,
      owner: this.entries.length,
      filler: spec.filler,
      lrMult: text && isSet(text, 'lr_mult') ? text.lr_mult : (spec.lrMult ?? 1),
      decayMult: text && isSet(text, 'decay_mult') ? text.decay_mult : (spec.decayMult ?? 1),
      lrGiven: text !== undefined && isSet(text, 'lr_mult'),
      decayGiven: text !== undefined && isSet(text, 'decay_mult'),
    };
    this.entries.push(entry);
    if (spec.lrMult === 0 && text && text.lr_mult !== 0) {
      this.problems.push({
        message: `parameter blob ${slot} holds statistics and cannot be learned: its lr_mult is ${text.lr_mult}`,
        path: `${param.name} > param > lr_mult`,
        span: spanOf(text, 'lr_mult') ?? spanOf(text),
        expected: 'lr_mult: 0, or no param setting',
        code: 'statistics-lr',
      });
    }
    const owner = name === '' ? undefined : this.owners.get(name);
    if (owner) this.share(entry, owner, text!);
    else if (name !== '') this.owners.set(name, entry);
    return entry.index;
  }

  private share(entry: Entry, owner: Entry, text: ParamText): void {
    entry.owner = owner.index;
    const refuse = (message: string, field: string, hint?: string) =>
      this.problems.push({
        message: `param '${entry.name}' is shared with layer '${owner.layerName}' but ${message}`,
        path: `${entry.layerName} > param > ${field}`,
        span: spanOf(text, field) ?? spanOf(text, 'name'),
        hint,
        code: 'param-sharing',
      });
    const shapes = `[${entry.shape.join(' ')}] here, [${owner.shape.join(' ')}] there`;
    if (text.share_mode === ParamSpec_DimCheckMode.PERMISSIVE) {
      if (elementCount(entry.shape) !== elementCount(owner.shape)) refuse(`differs in size: ${shapes}`, 'name');
    } else if (!sameShape(entry.shape, owner.shape)) {
      refuse(`differs in shape: ${shapes}`, 'name', 'share_mode: PERMISSIVE allows other shapes of the same size');
    }
    if (entry.lrGiven) {
      if (owner.lrGiven && owner.lrMult !== entry.lrMult) {
        refuse(`has lr_mult ${entry.lrMult} here and ${owner.lrMult} there`, 'lr_mult');
      } else {
        owner.lrGiven = true;
        owner.lrMult = entry.lrMult;
      }
    }
    if (entry.decayGiven) {
      if (owner.decayGiven && owner.decayMult !== entry.decayMult) {
        refuse(`has decay_mult ${entry.decayMult} here and ${owner.decayMult} there`, 'decay_mult');
      } else {
        owner.decayGiven = true;
        owner.decayMult = entry.decayMult;
      }
    }
  }

  /** Multipliers of sharers follow their owner. */
  finish(): NetParam[] {
    return this.entries.map((e) => {
      const owner = this.entries[e.owner]!;
      return {
        index: e.index,
        key: e.key,
        layer: e.layer,
        slot: e.slot,
        shape: e.shape,
        name: e.name,
        owner: e.owner,
        sharedWith: owner === e ? undefined : owner.key,
        filler: e.filler,
        lrMult: owner.lrMult,
        decayMult: owner.decayMult,
        learnable: owner === e,
      };
    });
  }
}
