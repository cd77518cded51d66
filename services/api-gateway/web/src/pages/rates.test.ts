import assert from "node:assert/strict";
import { test } from "node:test";
import { lagSeconds, newestWatermark, rated } from "./rates";
import { histogram, tailDays } from "./portfolio/scenarios";
import type { Pipeline, Var } from "../data/shapes";

const reading = (second: number, end: number): Pipeline => ({
  recorded_at: `2013-10-07T14:00:0${second}Z`,
  topics: [{ topic: "ticks", begin_offset: 0, end_offset: end }],
  groups: [],
  ingest: { total: { received: 0, accepted: 0, duplicate: 0, rejected: 0 }, rejected_by_reason: {}, partitions: [] },
});
const group = (lag: number, watermark: string | null) => ({ group: "g", topic: "ticks", lag, watermark });

test("a rate is the growth between two readings, and a reading seen twice changes nothing", () => {
  const one = rated(new Map(), reading(0, 100));
  const two = rated(one, reading(2, 1100));
  assert.deepEqual(two.get("ticks")?.perSecond, [500]);
  assert.deepEqual(rated(two, reading(2, 1100)).get("ticks")?.perSecond, [500]);
});

test("a lag in seconds comes from the watermark, else from the rate, else it is not known", () => {
  const rates = rated(rated(new Map(), reading(0, 0)), reading(1, 200));
  const newest = Date.parse("2013-10-07T14:00:10Z");
  assert.equal(lagSeconds(group(0, null), newest, rates), 0);
  assert.equal(lagSeconds(group(5, "2013-10-07T14:00:07Z"), newest, rates), 3);
  assert.equal(lagSeconds(group(100, null), newest, rates), 0.5);
  assert.equal(lagSeconds(group(100, null), newest, new Map()), null);
  assert.equal(newestWatermark(reading(0, 0)), null);
});

test("the tail is shown as far as the day that the number rests on", () => {
  const days = Array.from({ length: 30 }, (_, place) => ({ date: `day ${place}`, pnl: place - 10 }));
  const found = { k: 25, named: [{ dates: ["day 24"], weight: 1, loss: -14 }] } as unknown as Var;
  const shown = tailDays(found, days);
  assert.deepEqual(shown.map((day) => day.rank), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 25]);
  assert.deepEqual(shown[0], { rank: 1, date: "day 0", loss: 10, named: false });
  assert.equal(shown.at(-1)?.named, true);
});

test("every value is in a bin, the highest too", () => {
  const [middles, counts] = histogram([0, 1, 2, 3, 4], 4);
  assert.deepEqual(counts, [1, 1, 1, 2]);
  assert.deepEqual(middles, [0.5, 1.5, 2.5, 3.5]);
});
