const count = { type: 'integer', minimum: 1 } as const;
const record = (properties: Record<string, unknown>) => ({
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});
const text = { type: 'string', minLength: 1 } as const;

/** JSON Schema of bitstreams/<board>/<config>/manifest.json. */
export const manifestSchema = record({
  abi: count,
  kernel: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
  board: text,
  config: text,
  engine: text,
  arithmetic: { enum: ['fused', 'separate', 'integer', 'fused+integer'] },
  elementBits: { type: 'array', minItems: 1, uniqueItems: true, items: { enum: [8, 16, 32] } },
  wordBits: count,
  lanes: { type: 'array', minItems: 1, items: { enum: [8, 16, 32, 64] } },
  clockMHz: { type: 'number', exclusiveMinimum: 0 },
  array: record({ rows: count, columns: count }),
  tiles: record({ rows: count, columns: count, reduction: count }),
  computeUnits: {
    type: 'array',
    minItems: 1,
    items: record({ name: text, banks: record({ a: text, b: text, c: text, bias: text, ops: text }) }),
  },
  operations: { type: 'array', minItems: 1, items: { enum: ['Convolution', 'InnerProduct'] } },
  limits: record({ kernelMax: count, elementsMax: count }),
});
