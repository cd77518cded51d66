/** Middles and counts of equal bins, as two columns. */
export function histogram(values: readonly number[], bins: number): [number[], number[]] {
  if (values.length === 0) return [[], []];
  const low = Math.min(...values);
  const width = (Math.max(...values) - low) / bins || 1;
  const counts = new Array<number>(bins).fill(0);
  for (const value of values) {
    const bin = Math.min(bins - 1, Math.floor((value - low) / width));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return [counts.map((_, bin) => low + (bin + 0.5) * width), counts];
}
