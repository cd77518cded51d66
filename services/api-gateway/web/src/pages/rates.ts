// Rates from one reading of the pipeline to the next: what is written to topics, and what stages take in.
import type { GroupLag, Pipeline } from "../data/shapes";

const KEPT = 60;

export interface Rate {
  end: number;
  at: number;
  perSecond: number[];
}

/** Per topic and per stage: the last reading and the rates so far. */
export type Rates = ReadonlyMap<string, Rate>;

export const topicKey = (topic: string): string => `topic ${topic}`;
export const stageKey = ({ group, topic }: Pick<GroupLag, "group" | "topic">): string => `stage ${group} ${topic}`;

export function rated(before: Rates, reading: Pipeline): Rates {
  const at = Date.parse(reading.recorded_at);
  const counts = [
    ...reading.topics.map((one): [string, number] => [topicKey(one.topic), one.end_offset]),
    ...reading.groups.map((one): [string, number] => [stageKey(one), finished(one)]),
  ];
  return new Map(
    counts.map(([key, end]) => {
      const last = before.get(key);
      if (!last || at <= last.at) return [key, last ?? { end, at, perSecond: [] }];
      const rate = ((end - last.end) * 1000) / (at - last.at);
      return [key, { end, at, perSecond: [...last.perSecond, Math.max(0, rate)].slice(-KEPT) }];
    }),
  );
}

/** Records that a stage has done with, over its partitions. */
function finished(group: GroupLag): number {
  return group.partitions.reduce((sum, one) => sum + (one.committed ?? 0), 0);
}

const SMOOTHED = 5;

/** The rate of the last ten seconds or so: stages commit in steps. */
export function recent(rate: Rate | undefined): number | null {
  const last = rate?.perSecond.slice(-SMOOTHED) ?? [];
  return last.length ? last.reduce((sum, one) => sum + one, 0) / last.length : null;
}
