import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeLayered } from '../../orchestrator/report/layered.ts';

/** Graphs without cycles: each link goes from a smaller number to a larger. */
const graph = fc.integer({ min: 1, max: 40 }).chain((count) =>
  fc.record({
    boxes: fc.array(fc.record({ width: fc.integer({ min: 40, max: 300 }), height: fc.integer({ min: 20, max: 90 }) }), {
      minLength: count,
      maxLength: count,
    }),
    links: fc
      .array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 80 })
      .map((pairs) =>
        pairs.filter(([a, b]) => a !== b).map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) })),
      ),
  }),
);

describe('layered drawing', () => {
  it('keeps boxes apart and inside, and every link runs down from box to box', () => {
    fc.assert(
      fc.property(graph, ({ boxes, links }) => {
        const placed = placeLayered(boxes, links);
        const slack = 1e-6;
        placed.boxes.forEach((a, i) => {
          const { width, height } = boxes[i]!;
          expect(a.x - width / 2).toBeGreaterThanOrEqual(-slack);
          expect(a.x + width / 2).toBeLessThanOrEqual(placed.width + slack);
          expect(a.y + height).toBeLessThanOrEqual(placed.height + slack);
          for (const [j, b] of placed.boxes.entries()) {
            if (j <= i || b.y >= a.y + height || a.y >= b.y + boxes[j]!.height) continue;
            expect(Math.abs(a.x - b.x)).toBeGreaterThanOrEqual((width + boxes[j]!.width) / 2);
          }
        });
        links.forEach(({ from, to }, i) => {
          const points = placed.links[i]!;
          expect(points[0]).toEqual([placed.boxes[from]!.x, placed.boxes[from]!.y + boxes[from]!.height]);
          expect(points.at(-1)).toEqual([placed.boxes[to]!.x, placed.boxes[to]!.y]);
          for (let k = 1; k < points.length; k++) expect(points[k]![1]).toBeGreaterThanOrEqual(points[k - 1]![1]);
        });
      }),
      { numRuns: 200, seed: 5 },
    );
  });

  it('draws a straight chain straight, and a long one in no time', () => {
    const count = 3000;
    const boxes = Array.from({ length: count }, (_, i) => ({ width: 60 + (i % 7) * 20, height: 30 }));
    const links = Array.from({ length: count - 1 }, (_, i) => ({ from: i, to: i + 1 }));
    const began = performance.now();
    const placed = placeLayered(boxes, links);
    expect(performance.now() - began).toBeLessThan(5000);
    expect(new Set(placed.boxes.map((b) => Math.round(b.x))).size).toBe(1);
  });

  it('places nothing in no space', () => {
    expect(placeLayered([], [])).toEqual({ boxes: [], links: [], width: 0, height: 0 });
  });
});
