import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace } from "./pace";

test("a thousand questions at once go out slower than the gateway allows", () => {
  const pace = new Pace(() => 0);
  const waits = Array.from({ length: 1_000 }, () => pace.wait());
  const sentWithin = (ms: number): number => waits.filter((wait) => wait <= ms).length;
  assert.equal(sentWithin(0), 60);
  assert.equal(sentWithin(1_000), 80);
  assert.equal(sentWithin(10_000), 260);
});

test("what was not used is saved up, but not more than may go at once", () => {
  let now = 0;
  const pace = new Pace(() => now);
  for (let sent = 0; sent < 70; sent++) pace.wait();
  now = 3_600_000;
  const waits = Array.from({ length: 61 }, () => pace.wait());
  assert.equal(waits[59], 0);
  assert.equal(waits[60], 50);
});
