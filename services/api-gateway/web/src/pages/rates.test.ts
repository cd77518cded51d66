import assert from "node:assert/strict";
import { test } from "node:test";
import { rated, recent } from "./rates";
import { histogram, tailDays } from "./portfolio/scenarios";
import type { GroupLag, Pipeline, Var } from "../data/shapes";

const reading = (second: number, end: number, committed = 0): Pipeline => ({
  recorded_at: `2013-10-07T14:00:0${second}Z`,
  topics: [{ topic: "ticks", begin_offset: 0, end_offset: end, partitions: {} }],
  groups: [group([committed, 0, null], end)],
  ingest: { total: { received: 0, accepted: 0, duplicate: 0, rejected: 0 }, rejected_by_reason: {}, partitions: [] },
  provisional_vs_final: { total: { equal: 0, different: 0, corrected: 0 }, windows: [] },
});
const group = (committed: (number | null)[], end: number): GroupLag => ({
  group: "risk",
  topic: "ticks",
  lag: 0,
  lag_seconds: 0,
  watermark: null,
  partitions: committed.map((one, partition) => ({ partition, committed: one, end_offset: end, lag: 0, watermark: null })),
});

test("a rate is the growth between two readings, and a reading seen twice changes nothing", () => {
  const one = rated(new Map(), reading(0, 100));
  const two = rated(one, reading(2, 1100));
  assert.deepEqual(two.get("topic ticks")?.perSecond, [500]);
  assert.deepEqual(rated(two, reading(2, 1100)).get("topic ticks")?.perSecond, [500]);
});

test("a stage has a rate of its own: what it has done with, not what waits for it", () => {
  const two = rated(rated(new Map(), reading(0, 100, 20)), reading(2, 1100, 220));
  assert.deepEqual(two.get("stage risk ticks")?.perSecond, [100]);
  const stands = rated(two, reading(4, 2100, 220));
  assert.deepEqual(stands.get("stage risk ticks")?.perSecond, [100, 0]);
  assert.equal(recent(stands.get("stage risk ticks")), 50);
  assert.equal(recent(undefined), null);
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
