// Every limit, the open breaches first, and what people do about them.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { age, measured, percent, words } from "../data/format";
import { limitsOf, marketTime, whyOldRisk } from "../data/live";
import { ofPortfolio, OnScreen, usePortfolios, useResource } from "../data/resource";
import { address, route } from "../data/route";
import type { LimitBreach, Limits as Answer, LimitStatus } from "../data/shapes";
import { Missing } from "../parts/figures";
import { RecentEvents } from "../parts/limit-events";
import { byUrgency, Light, sureState } from "../parts/lights";
import { useOnScreen } from "../parts/on-screen";
import { Empty, Failed, Loaded, Panel } from "../parts/panel";
import { type Column, Table } from "../parts/table";
import { BreachDesk } from "../parts/breach-desk";

const EVERY_MS = 10_000;

export function Limits() {
  const listed = usePortfolios();
  return (
    <div class="page limits">
      <Panel title="Limits" area="wide-panel" note="live values against the levels in force; UNKNOWN is never OK">
        <Loaded what="portfolios" from={listed.value}>
          {({ data }) =>
            data.length === 0 ? <Empty>No portfolio yet.</Empty> : data.map((one) => <Section key={one.portfolio_id} id={one.portfolio_id} />)
          }
        </Loaded>
      </Panel>
      <RecentEvents />
    </div>
  );
}

/** Asks when it is seen, so it takes place before it has anything to show. */
function Section({ id }: { id: string }) {
  const [place, seen] = useOnScreen<HTMLDivElement>();
  useEffect(() => {
    if (limitsOf(id).some((limit) => limit.limit_id === route.peek().subject)) place.current?.scrollIntoView({ block: "nearest" });
  }, []);
  return (
    <div ref={place}>
      <OnScreen.Provider value={seen}>
        <OfPortfolio id={id} />
      </OnScreen.Provider>
    </div>
  );
}

/** When a limit of the portfolio changes, all are asked again: an event tells its state, not the phase of its breach. */
function lastEvents(portfolio: string): string {
  return limitsOf(portfolio).map((event) => event.event_id).join();
}

function OfPortfolio({ id }: { id: string }) {
  const acted = useSignal(0);
  const answer = useResource<Answer>(ofPortfolio(id, "limits"), { everyMs: EVERY_MS, when: lastEvents(id) + acted.value });
  const opened = useSignal<string | null>(route.value.subject);
  const { data, error } = answer.value;
  if (data === null) return error === null ? <div class="ahead" /> : <Failed what={`Limits of ${id}`} error={error} />;
  if (data.limits.length === 0) return null;
  const whyOld = error ?? whyOldRisk(id);
  const rows = data.limits
    .map((limit) => ({ ...limit, state: sureState(limit.state, whyOld) }))
    .sort((one, other) => byUrgency(one.state, other.state));
  return (
    <>
      <h3>
        <a href={address("portfolio", id)}>{id}</a>
      </h3>
      {error !== null && <Failed what={`Newer limits of ${id}`} error={error} />}
      {error === null && whyOld !== null && <p class="why light warning">▲ Judged on old numbers: {whyOld}</p>}
      <Table
        caption={`Limits of ${id}`}
        columns={COLUMNS(opened.value, (name) => (opened.value = opened.value === name ? null : name))}
        rows={rows}
        keyOf={(row) => row.limit_id}
        classOf={(row) => (row.state === "BREACH" ? "breached" : whyOld ? "stale" : "")}
        below={(row) => row.limit_id === opened.value && <BreachDesk limit={row} onActed={() => acted.value++} />}
      />
    </>
  );
}

function COLUMNS(opened: string | null, open: (name: string) => void): readonly Column<LimitStatus>[] {
  return [
    {
      label: "Limit",
      cell: (row) => (
        <button type="button" class="plain" aria-expanded={row.limit_id === opened} onClick={() => open(row.limit_id)}>
          {row.limit_id === opened ? "▾" : "▸"} {row.limit_id}
        </button>
      ),
    },
    { label: "State", cell: (row) => <Light state={row.state} /> },
    { label: "Measure", wide: true, cell: (row) => <Measure limit={row} /> },
    { label: "Value", numeric: true, wide: true, cell: (row) => <Value limit={row} /> },
    { label: "Warning", numeric: true, wide: true, cell: (row) => measured(row.warning_level, row.unit) },
    { label: "Level", numeric: true, wide: true, cell: (row) => measured(row.hard_level, row.unit) },
    { label: "Used", numeric: true, cell: (row) => <Used limit={row} /> },
    { label: "Breach", numeric: true, cell: (row) => <BreachAge breach={row.breach} /> },
  ];
}

function Measure({ limit }: { limit: LimitStatus }) {
  const level = limit.parameters["confidence_bp"];
  return (
    <>
      {words(limit.measure)}
      {level && ` ${Number(level) / 100} %`}
      {limit.scope !== "portfolio" && (
        <span class="quiet">
          {" "}
          of {words(limit.scope)} {limit.scope_value}
        </span>
      )}
    </>
  );
}

function Value({ limit }: { limit: LimitStatus }) {
  if (limit.value === null) return <Missing why={limit.message} />;
  return <>{measured(limit.value, limit.unit)}</>;
}

function Used({ limit }: { limit: LimitStatus }) {
  const used = limit.utilisation_percent;
  if (used === null) return <Missing why={limit.message} />;
  const warning = limit.warning_level === null ? 100 : (limit.warning_level / limit.hard_level) * 100;
  return (
    <span class="used">
      <meter class="wide" min={0} max={101} low={warning} high={100} optimum={0} value={Math.min(101, used)} aria-label="utilisation" />{" "}
      {percent(used / 100, 0)}
    </span>
  );
}

function BreachAge({ breach }: { breach: LimitBreach | null | undefined }) {
  if (!breach) return <span class="quiet">none</span>;
  const until = breach.cured_at ? Date.parse(breach.cured_at) : (marketTime.value ?? 0);
  return (
    <span class={breach.cured_at ? "quiet" : "light breach"}>
      {age(Math.max(0, (until - Date.parse(breach.opened_at)) / 1000))} {breach.phase}
      {breach.severity > 1 && ` · severity ${breach.severity}`}
    </span>
  );
}
