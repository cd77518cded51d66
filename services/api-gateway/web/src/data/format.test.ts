import assert from "node:assert/strict";
import { test } from "node:test";
import { age, clock, measured, number, percent } from "./format";

test("ages take the unit a person would", () => {
  assert.deepEqual([0.42, 59.6, 119, 180, 7300, 200_000].map(age), [
    "0.4 s", "60 s", "119 s", "3 min", "2 h 1 min", "2 d 7 h",
  ]);
  assert.equal(age(-3), "0 s");
});

test("model numbers have separators and a true minus, and no minus zero", () => {
  assert.equal(number(-1234.56, 1), "−1,234.6");
  assert.equal(number(-0.001, 2), "0.00");
  assert.equal(percent(0.1834), "18.3 %");
});

test("a missing measure is a dash, not a zero", () => {
  assert.equal(measured(null, "USD"), "—");
  assert.equal(measured(182_345.4, "USD"), "182,345 USD");
  assert.equal(measured(2.5, "ratio"), "2.500");
});

test("times are shown in UTC", () => {
  assert.equal(clock("2013-10-07T14:32:10.25+02:00"), "12:32:10");
});
