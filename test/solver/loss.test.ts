import { expect, it } from 'vitest';
import { SmoothedLoss } from '../../orchestrator/solver/index.ts';

it('is the mean of the last losses', () => {
  const smoothed = new SmoothedLoss(3);
  const seen = [6, 3, 0, 9, 12].map((loss) => {
    smoothed.add(loss);
    return smoothed.value;
  });
  expect(seen).toEqual([6, 4.5, 3, 4, 7]);
});

it('goes on from saved state', () => {
  const one = new SmoothedLoss(4);
  const two = new SmoothedLoss(4);
  for (let i = 0; i < 6; i++) one.add(Math.sin(i));
  two.load(JSON.parse(JSON.stringify(one.save())));
  for (let i = 6; i < 20; i++) {
    one.add(Math.sin(i));
    two.add(Math.sin(i));
    expect(two.value).toBe(one.value);
  }
});
