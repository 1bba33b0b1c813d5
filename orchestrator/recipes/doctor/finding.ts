/** One thing looked at. */
export interface Finding {
  readonly group: 'machine' | 'build' | 'cards' | 'data';
  readonly name: string;
  /** `stale`: there, but older than what it is made from. */
  readonly state: 'ok' | 'missing' | 'stale';
  /** Version, place, or what is wrong. */
  readonly detail: string;
  /** Training on the emulated card cannot do without it. */
  readonly needed: boolean;
  /** The command that mends it. */
  readonly mend?: string | undefined;
}
