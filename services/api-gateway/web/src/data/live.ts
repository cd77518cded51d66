// What the stream says, held for every page.
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { StreamEvent } from "./events";
import { lateRisks, lateValues, oldRisk, oldValue } from "./freshness";
import type { Basis, LimitEvent, RemovedEvent, Risk, SnapshotEvent, Value } from "./shapes";
import { Shelf } from "./shelf";
import { follow } from "./stream";

const PATH = "/v1/stream?topics=values,risk,limits&interval_ms=250";
const TRAIL_POINTS = 240;
const TRAIL_EVERY_MS = 1_000;

export const values = new Shelf<Value>();
export const risks = new Shelf<Risk>();
export const limits = new Shelf<LimitEvent>();
/** Market values of this session by portfolio, the last of each second: the end of each sparkline. */
export const trails = new Shelf<readonly number[]>();

export type Link = "connecting" | "live" | "lost";
export const link = signal<Link>("connecting");
/** When the last event or sign of life came, by this machine's clock. */
export const heardAt = signal(Date.now());
/** This machine's clock, once a second: for what must age while nothing comes. */
export const now = signal(Date.now());
/** Newest market time of all values, in milliseconds; null before the first. */
export const marketTime = signal<number | null>(null);

const HOUR_MS = 3_600_000;
/** Its hour, for questions that begin at one: what follows it changes once an hour. */
export const marketHour = computed(() =>
  marketTime.value === null ? null : Math.floor(marketTime.value / HOUR_MS) * HOUR_MS,
);

/** The newest event of every limit, by portfolio. */
const limitsByPortfolio = computed(() => {
  const found = new Map<string, LimitEvent[]>();
  for (const name of limits.keys.value) {
    const event = limits.at(name).value;
    if (event) found.set(event.portfolio_id, [...(found.get(event.portfolio_id) ?? []), event]);
  }
  return found;
});

const shelves = [values, risks, limits];
let snapshotLeft = -1;
const trailedAt = new Map<string, number>();
const riskCameAt = new Map<string, number>();

export const keyOf = (portfolio: string, basis: Basis = "last"): string => `${portfolio}\n${basis}`;

export function begin(): () => void {
  const timer = setInterval(() => (now.value = Date.now()), 1_000);
  const stop = follow(PATH, {
    take: (events) => batch(() => events.forEach(take)),
    connected(yes) {
      if (yes) heardAt.value = Date.now();
      link.value = yes ? "live" : "lost";
    },
  });
  return () => {
    clearInterval(timer);
    stop();
  };
}

function take(event: StreamEvent): void {
  heardAt.value = Date.now();
  const body: unknown = JSON.parse(event.data);
  switch (event.name) {
    case "snapshot":
      snapshotLeft = (body as SnapshotEvent).events;
      shelves.forEach((shelf) => shelf.beginSnapshot());
      return endSnapshotAfter(0);
    case "value":
      takeValue(body as Value);
      return endSnapshotAfter(1);
    case "risk":
      takeRisk(body as Risk);
      return endSnapshotAfter(1);
    case "limit":
      limits.put((body as LimitEvent).limit_id, body as LimitEvent);
      return endSnapshotAfter(1);
    case "removed":
      return takeRemoved(body as RemovedEvent);
  }
}

function endSnapshotAfter(taken: number): void {
  if (snapshotLeft < 0) return;
  snapshotLeft -= taken;
  if (snapshotLeft > 0) return;
  snapshotLeft = -1;
  shelves.forEach((shelf) => shelf.endSnapshot());
}

function takeValue(value: Value): void {
  values.put(keyOf(value.portfolio_id, value.basis), value);
  if (value.basis !== "last" || value.as_of === null) return;
  marketTime.value = Math.max(marketTime.peek() ?? 0, Date.parse(value.as_of));
  if (value.market_value === null) return;
  trail(value.portfolio_id, Number(value.market_value.amount));
}

function trail(portfolio: string, amount: number): void {
  const points = trails.at(portfolio).peek() ?? [];
  const at = Date.now();
  // A newer value of the same second takes its place; the first stays, for a line needs two.
  const sameSecond = points.length > 1 && at - (trailedAt.get(portfolio) ?? 0) < TRAIL_EVERY_MS;
  if (!sameSecond) trailedAt.set(portfolio, at);
  trails.put(portfolio, [...(sameSecond ? points.slice(0, -1) : points), amount].slice(-TRAIL_POINTS));
}

function takeRisk(risk: Risk): void {
  const key = keyOf(risk.portfolio_id, (risk.basis ?? "last") as Basis);
  if (risks.at(key).peek()?.as_of !== risk.as_of) riskCameAt.set(key, Date.now());
  risks.put(key, risk);
}

function takeRemoved({ topic, subject, part }: RemovedEvent): void {
  (topic === "values" ? values : risks).remove(keyOf(subject, part as Basis));
}

export function valueOf(portfolio: string): Value | undefined {
  return values.at(keyOf(portfolio)).value;
}

/** The live risk of a portfolio, else the official one. */
export function riskOf(portfolio: string): Risk | undefined {
  return risks.at(keyOf(portfolio)).value ?? risks.at(keyOf(portfolio, "bar")).value;
}

export function limitsOf(portfolio: string): readonly LimitEvent[] {
  return limitsByPortfolio.value.get(portfolio) ?? [];
}

/** What is known of each portfolio, calculated once for all that ask: who asks is drawn anew when it changes only. */
function perPortfolio<T>(calculate: (portfolio: string) => T): (portfolio: string) => T {
  const held = new Map<string, ReadonlySignal<T>>();
  return (portfolio) => {
    let found = held.get(portfolio);
    if (!found) held.set(portfolio, (found = computed(() => calculate(portfolio))));
    return found.value;
  };
}

/** Why the live value of a portfolio is not up to date; null while it is. */
export const whyOldValue = perPortfolio(
  (portfolio) => lateValues.value ?? oldValue(valueOf(portfolio), marketTime.value),
);

/** Why its risk and the states of its limits are not. */
export const whyOldRisk = perPortfolio((portfolio) => {
  const risk = riskOf(portfolio);
  const key = keyOf(portfolio, (risk?.basis ?? "last") as Basis);
  const quiet = (): number => now.value - (riskCameAt.get(key) ?? 0);
  return lateRisks.value ?? oldRisk(risk, values.at(key).value, quiet);
});
