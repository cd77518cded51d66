import assert from "node:assert/strict";
import { test } from "node:test";
import { compare, decimal, signOf, trimmed } from "./decimal";

test("digits beyond a float's are kept", () => {
  assert.equal(decimal("9007199254740993.01", 2), "9,007,199,254,740,993.01");
});

test("halves are rounded to even, also across a carry", () => {
  assert.equal(decimal("0.125", 2), "0.12");
  assert.equal(decimal("0.135", 2), "0.14");
  assert.equal(decimal("-999.995", 2), "−1,000.00");
  assert.equal(decimal("2.5", 0), "2");
  assert.equal(decimal("2.50000001", 0), "3");
});

test("signs: a gain may say plus, what rounds to zero says nothing", () => {
  assert.equal(decimal("1234", 0, true), "+1,234");
  assert.equal(decimal("-0.004", 2, true), "0.00");
});

test("trailing zeros go, as far as asked", () => {
  assert.equal(trimmed("182.05000000", 2, 6), "182.05");
  assert.equal(trimmed("1.35412300", 2, 6), "1.354123");
  assert.equal(trimmed("7", 2, 6), "7.00");
});

test("comparison is exact and knows scales", () => {
  assert.equal(compare("1.10", "1.1"), 0);
  assert.equal(compare("-2", "-1.99999999"), -1);
  assert.equal(compare("9007199254740993", "9007199254740992"), 1);
  assert.equal(signOf("-0.00"), 0);
});

test("an exponent is refused instead of misread", () => {
  assert.throws(() => decimal("1e6", 2), /plain decimal/);
});
