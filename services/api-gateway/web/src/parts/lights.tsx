// States by shape, letter and colour: none of them rests on colour alone.
import { age, words } from "../data/format";
import { limitsOf, whyOldRisk } from "../data/live";
import type { Coverage, LimitState } from "../data/shapes";

const SHAPES: Record<LimitState, string> = { OK: "●", WARNING: "▲", BREACH: "■", UNKNOWN: "?" };
const RANK: Record<LimitState, number> = { BREACH: 0, UNKNOWN: 1, WARNING: 2, OK: 3 };

/** A limit that was never judged is as unknown as one that could not be. */
export function Light({ state }: { state: LimitState | null }) {
  const shown = state ?? "UNKNOWN";
  return (
    <span class={`light ${shown.toLowerCase()}`}>
      <span aria-hidden="true">{SHAPES[shown]}</span> {shown}
    </span>
  );
}

export function byUrgency(one: LimitState | null, other: LimitState | null): number {
  return RANK[one ?? "UNKNOWN"] - RANK[other ?? "UNKNOWN"];
}

/** What may be said of a state that was judged on old numbers: nothing good. A breach stays one until it is cured. */
export function sureState(state: LimitState | null, whyOld: string | null): LimitState {
  return state === "BREACH" || (state !== null && whyOld === null) ? state : "UNKNOWN";
}

/** One mark per limit of a portfolio, the worst first. */
export function Lights({ portfolio }: { portfolio: string }) {
  const whyOld = whyOldRisk(portfolio);
  const own = limitsOf(portfolio)
    .map(({ limit_id, state }) => ({ limit_id, state: sureState(state, whyOld), last: state }))
    .sort((one, other) => byUrgency(one.state, other.state));
  if (own.length === 0) return <span class="quiet">none</span>;
  const worst = own[0]!;
  const said = own.map((one) => `${one.limit_id}: ${one.state}${one.state === one.last ? "" : `, last ${one.last}`}`);
  const same = own.filter((one) => one.state === worst.state).length;
  return (
    <span class="lights" title={[...(whyOld ? [whyOld] : []), ...said].join("\n")}>
      {own.map((one) => (
        <span key={one.limit_id} class={`light ${one.state.toLowerCase()}`} aria-hidden="true">
          {SHAPES[one.state]}
        </span>
      ))}
      <span class={worst.state === "OK" ? "quiet" : `light ${worst.state.toLowerCase()}`}>
        {same}
        <span class="wide"> {worst.state}</span>
      </span>
    </span>
  );
}

/** On how much of the book a number rests. */
export function CoverageMark({ coverage }: { coverage: Coverage }) {
  const { positions, priced, stale, unpriced } = coverage;
  const said = [`${priced} of ${positions} positions priced`, `${stale} stale`];
  if (coverage.oldest_price_age_seconds != null) {
    said.push(`oldest price ${age(coverage.oldest_price_age_seconds)}`);
  }
  said.push(...coverage.notes.map((note) => `${note.symbol}: ${words(note.reason)}`));
  const kind = coverage.complete ? "quiet" : unpriced > 0 || positions === 0 ? "light breach" : "light warning";
  return (
    <span class={kind} title={said.join("\n")}>
      {priced}/{positions}
      {stale > 0 && <span> {stale} stale</span>}
    </span>
  );
}
