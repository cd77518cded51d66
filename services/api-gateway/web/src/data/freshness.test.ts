import assert from "node:assert/strict";
import { test } from "node:test";
import { lateStage, oldRisk, oldValue, unmeasured } from "./freshness";
import type { GroupLag, Risk, Value } from "./shapes";

const at = (second: number): string => new Date(Date.UTC(2013, 9, 7, 14, 0, second)).toISOString();
const value = (second: number) => ({ as_of: at(second) }) as Value;
const risk = (second: number) => ({ as_of: at(second) }) as Risk;
const group = (name: string, seconds: number | null) => ({ group: name, lag_seconds: seconds }) as GroupLag;
const never = (): number => Infinity;

test("a stage that stands makes what it makes late, and what is made of that", () => {
  const groups = [group("valuation", 2), group("valuation", 21), group("risk", 0)];
  assert.equal(lateStage(groups, ["tick-ingestor", "valuation"]), "valuation is 21 s behind");
  assert.equal(lateStage(groups, ["risk"]), null);
  assert.equal(lateStage([group("valuation", null)], ["valuation"]), null);
});

test("a value is old beside the newest market time", () => {
  assert.equal(oldValue(value(0), Date.parse(at(60))), null);
  assert.equal(oldValue(value(0), Date.parse(at(61))), "61 s behind the newest market time");
  assert.equal(oldValue(undefined, Date.parse(at(0))), "not valued yet");
});

test("a risk is old beside its value, unless a replay only ran ahead", () => {
  assert.equal(oldRisk(risk(0), value(90), never), "risk is 90 s behind the value");
  assert.equal(oldRisk(risk(0), value(90), () => 400), null);
  assert.equal(oldRisk(risk(0), value(60), never), null);
  assert.equal(oldRisk(risk(0), undefined, never), "there is no value to it any more");
  assert.equal(oldRisk(undefined, value(0), never), "no risk report yet");
});

test("stages that nobody can measure are not taken for punctual", () => {
  const failed = { data: null, error: "the broker does not answer", status: 503 };
  assert.equal(unmeasured(failed, 14_000), null);
  assert.match(unmeasured(failed, 16_000) ?? "", /not known: the broker/);
  assert.equal(unmeasured({ ...failed, status: 403 }, 60_000), null);
  assert.equal(unmeasured({ ...failed, error: null }, 60_000), null);
});
