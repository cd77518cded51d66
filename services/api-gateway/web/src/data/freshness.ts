// Whether a number is as new as it looks. Heartbeats prove that the gateway lives, not that anybody calculates: so
// every number is judged by the stages behind it, by what waits before them and by what they were given last.
import { computed, signal } from "@preact/signals";
import { age } from "./format";
import type { Resource } from "./question";
import type { GroupLag, Pipeline, Risk, Value } from "./shapes";

/** A value this far behind the newest market time is shown as old, and a risk this far behind its value. */
export const BEHIND_MS = 60_000;
/** Nothing waits this long before a stage that works. */
export const LATE_S = 15;
/** A replay runs faster than its clock: a risk is old only when none has come for so long. */
export const QUIET_MS = 5_000;

/** Who works on a value, in their order, and who on what is made of it. */
const VALUE_STAGES = ["tick-ingestor", "valuation"];
const RISK_STAGES = [...VALUE_STAGES, "risk"];

/** What the newest answer about the stages was, and when a good one came last. */
export const stages = signal<Resource<Pipeline> | null>(null);
const measuredAt = signal(Date.now());

export function tellStages(answer: Resource<Pipeline>, at: number): void {
  if (answer.error === null && answer.data !== null) measuredAt.value = at;
  stages.value = answer;
}

/** Who is late among `names`, as words; null when nobody is. */
export function lateStage(groups: readonly GroupLag[], names: readonly string[]): string | null {
  for (const name of names) {
    const waits = groups.filter((one) => one.group === name).map((one) => one.lag_seconds ?? 0);
    const longest = Math.max(0, ...waits);
    if (longest > LATE_S) return `${name} is ${age(longest)} behind`;
  }
  return null;
}

/** Why the lag of no stage is known; null while it is, or may not be asked for. */
export function unmeasured(answer: Resource<Pipeline> | null, silentMs: number): string | null {
  if (answer === null || answer.error === null || answer.status === 401 || answer.status === 403) return null;
  return silentMs > LATE_S * 1_000 ? `how far the stages are is not known: ${answer.error}` : null;
}

const late = (names: readonly string[]): string | null =>
  unmeasured(stages.value, Date.now() - measuredAt.value) ?? lateStage(stages.value?.data?.groups ?? [], names);

/** Why no value, or nothing made of values, is up to date. */
export const lateValues = computed(() => late(VALUE_STAGES));
export const lateRisks = computed(() => late(RISK_STAGES));

/** Why a value is old by its own time. */
export function oldValue(value: Value | undefined, marketTime: number | null): string | null {
  if (!value?.as_of || marketTime === null) return "not valued yet";
  const behind = marketTime - Date.parse(value.as_of);
  return behind > BEHIND_MS ? `${age(behind / 1_000)} behind the newest market time` : null;
}

/** Why a risk is old beside the value of its basis; `quietMs` is how long ago it came. */
export function oldRisk(risk: Risk | undefined, value: Value | undefined, quietMs: () => number): string | null {
  if (!risk?.as_of) return "no risk report yet";
  if (!value?.as_of) return "there is no value to it any more";
  const behind = Date.parse(value.as_of) - Date.parse(risk.as_of);
  return behind > BEHIND_MS && quietMs() > QUIET_MS ? `risk is ${age(behind / 1_000)} behind the value` : null;
}
