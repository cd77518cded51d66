// Rates and lags from one reading of the pipeline to the next.
import type { GroupLag, Pipeline } from "../data/shapes";

const KEPT = 60;

export interface Rate {
  end: number;
  at: number;
  perSecond: number[];
}

/** Per topic: the last reading and the rates so far. */
export type Rates = ReadonlyMap<string, Rate>;

export function rated(before: Rates, reading: Pipeline): Rates {
  const at = Date.parse(reading.recorded_at);
  return new Map(
    reading.topics.map(({ topic, end_offset: end }) => {
      const last = before.get(topic);
      if (!last || at <= last.at) return [topic, last ?? { end, at, perSecond: [] }];
      const rate = ((end - last.end) * 1000) / (at - last.at);
      return [topic, { end, at, perSecond: [...last.perSecond, Math.max(0, rate)].slice(-KEPT) }];
    }),
  );
}

/** The furthest that any stage has come in market time. */
export function newestWatermark(reading: Pipeline): number | null {
  const marks = reading.groups.flatMap((one) => (one.watermark ? [Date.parse(one.watermark)] : []));
  return marks.length ? Math.max(...marks) : null;
}

/**
 * How far a stage is behind: nothing waits, so 0; else by its watermark against the newest one, else by how long
 * its records took to come; null when neither is known.
 */
export function lagSeconds(group: GroupLag, newest: number | null, rates: Rates): number | null {
  if (group.lag === 0) return 0;
  if (group.watermark && newest !== null) return (newest - Date.parse(group.watermark)) / 1000;
  const rate = rates.get(group.topic)?.perSecond.at(-1);
  return rate ? group.lag / rate : null;
}
