// The past days applied to today's book: their distribution and the worst of them.
import type { Scenarios, Var } from "../../data/shapes";

const LEAST_SHOWN = 6;
const MOST_SHOWN = 12;

export interface TailDay {
  rank: number;
  date: string;
  loss: number;
  /** Whether the value at risk names this day. */
  named: boolean;
}

/** The worst days, as far as the one that the value at risk rests on, and that one where it is further away. */
export function tailDays(found: Var, scenarios: Scenarios["scenarios"]): TailDay[] {
  const named = new Set((found.named ?? []).flatMap((one) => one.dates));
  const all = [...scenarios]
    .sort((one, other) => one.pnl - other.pnl)
    .map(({ date, pnl }, place) => ({ rank: place + 1, date, loss: -pnl, named: named.has(date) }));
  const shown = Math.min(MOST_SHOWN, Math.max(LEAST_SHOWN, found.k ?? 0));
  return all.filter((day) => day.rank <= shown || day.named);
}

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
