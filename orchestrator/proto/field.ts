export type ScalarType =
  | 'int32'
  | 'int64'
  | 'uint32'
  | 'uint64'
  | 'float'
  | 'double'
  | 'bool'
  | 'string'
  | 'bytes'
  | 'enum'
  | 'message';

/** One field as the schema declares it. */
export interface FieldSpec {
  readonly name: string;
  readonly number: number;
  readonly type: ScalarType;
  /** Name of the enumeration or message. */
  readonly of?: string;
  readonly repeated?: boolean;
  readonly required?: boolean;
  readonly packed?: boolean;
  /** Enumerations by number. */
  readonly default?: number | string | boolean;
}
