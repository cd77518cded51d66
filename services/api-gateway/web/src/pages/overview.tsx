// Every portfolio on one line, and what has just happened to limits.
import { useComputed } from "@preact/signals";
import { percent } from "../data/format";
import { marketHour, riskOf, trails, valueOf, whyOldRisk, whyOldValue } from "../data/live";
import { ofPortfolio, usePortfolios, useResource } from "../data/resource";
import { address, go } from "../data/route";
import type { HistoryPoint, Money, Page, Period, Pnl, Portfolio } from "../data/shapes";
import { Aged, Amount, Missing } from "../parts/figures";
import { CoverageMark, Lights } from "../parts/lights";
import { RecentEvents } from "../parts/limit-events";
import { Empty, Loaded, Panel } from "../parts/panel";
import { PriceAge } from "../parts/price-age";
import { Spark } from "../parts/spark";
import { type Column, Table } from "../parts/table";
import { tailAmount } from "./tail";

const PNL_EVERY_MS = { day: 10_000, mtd: 60_000, ytd: 60_000 };
const TREND_HOURS = 6;

export function Overview() {
  const listed = usePortfolios();
  return (
    <div class="page overview">
      <Panel title="Portfolios" area="wide-panel" note="live, each in its base currency; VaR and ES of one day">
        <Loaded what="portfolios" from={listed.value}>
          {(page) =>
            page.data.length === 0 ? (
              <Empty>
                No portfolio yet: <code>tapeline load portfolios FILE</code>
              </Empty>
            ) : (
              <Table
                caption="Portfolios"
                columns={COLUMNS}
                rows={asTree(page.data)}
                keyOf={({ portfolio }) => portfolio.portfolio_id}
                classOf={({ portfolio }) => (whyOldValue(portfolio.portfolio_id) ? "stale" : "")}
                onOpen={({ portfolio }) => go("portfolio", portfolio.portfolio_id)}
              />
            )
          }
        </Loaded>
      </Panel>
      <RecentEvents />
    </div>
  );
}

interface Branch {
  portfolio: Portfolio;
  depth: number;
}

/** Parents before their children. */
function asTree(portfolios: readonly Portfolio[]): Branch[] {
  const known = new Set(portfolios.map((one) => one.portfolio_id));
  const children = new Map<string | null, Portfolio[]>();
  for (const one of portfolios) {
    const parent = one.parent_id && known.has(one.parent_id) ? one.parent_id : null;
    const siblings = children.get(parent);
    if (siblings) siblings.push(one);
    else children.set(parent, [one]);
  }
  const below = (parent: string | null, depth: number): Branch[] =>
    (children.get(parent) ?? []).flatMap((portfolio) => [{ portfolio, depth }, ...below(portfolio.portfolio_id, depth + 1)]);
  return below(null, 0);
}

const id = (row: Branch): string => row.portfolio.portfolio_id;

const COLUMNS: readonly Column<Branch>[] = [
  {
    label: "Portfolio",
    cell: (row) => (
      <span class={`depth-${Math.min(row.depth, 3)}`}>
        <a href={address("portfolio", id(row))}>{id(row)}</a> <span class="quiet wide">{row.portfolio.name}</span>
        <span class="quiet narrow">
          {row.portfolio.base_currency} · <Priced portfolio={id(row)} /> priced
        </span>
      </span>
    ),
  },
  { label: "Ccy", wide: true, cell: (row) => row.portfolio.base_currency },
  { label: "Value", numeric: true, cell: (row) => <LiveAmount row={row} of="market_value" /> },
  { label: "Trend", wide: true, title: `last ${TREND_HOURS} hours`, cell: (row) => <Trend portfolio={id(row)} /> },
  { label: "Day P&L", numeric: true, cell: (row) => <Profit portfolio={id(row)} period="day" /> },
  { label: "Day %", numeric: true, wide: true, cell: (row) => <Return portfolio={id(row)} /> },
  { label: "MTD P&L", numeric: true, wide: true, cell: (row) => <Profit portfolio={id(row)} period="mtd" /> },
  { label: "Unrealised", numeric: true, wide: true, cell: (row) => <LiveAmount row={row} of="unrealized_pnl" gain /> },
  { label: "VaR 95", numeric: true, wide: true, cell: (row) => <Tail portfolio={id(row)} measure="historical_var" bp="9500" /> },
  { label: "VaR 99", numeric: true, cell: (row) => <Tail portfolio={id(row)} measure="historical_var" bp="9900" /> },
  { label: "ES 97.5", numeric: true, wide: true, cell: (row) => <Tail portfolio={id(row)} measure="expected_shortfall" bp="9750" /> },
  { label: "Limits", cell: (row) => <Lights portfolio={id(row)} /> },
  { label: "Priced", numeric: true, wide: true, title: "positions priced / held", cell: (row) => <Priced portfolio={id(row)} /> },
  { label: "Oldest price", numeric: true, wide: true, cell: (row) => <OldestPrice portfolio={id(row)} /> },
];

type AmountName = "market_value" | "unrealized_pnl";

function LiveAmount({ row, of, gain = false }: { row: Branch; of: AmountName; gain?: boolean }) {
  const money: Money | null | undefined = valueOf(id(row))?.[of];
  return <Amount money={money} gain={gain} why="no position is priced" />;
}

function Trend({ portfolio }: { portfolio: string }) {
  // Asked once per hour of market time: the session's own values go on from there.
  const hour = marketHour.value;
  const from = new Date((hour ?? 0) - TREND_HOURS * 3_600_000).toISOString();
  const path = ofPortfolio(portfolio, `history?metric=market_value&from=${from}`);
  const stored = useResource<Page<HistoryPoint>>(hour === null ? null : path);
  const points = useComputed(() => [
    ...(stored.value.data?.data ?? []).flatMap((point) => (point.value === null ? [] : [Number(point.value)])),
    ...(trails.at(portfolio).value ?? []),
  ]);
  return <Spark points={points.value} label={`value of ${portfolio}`} />;
}

function usePnl(portfolio: string, period: Period): Pnl | null {
  return useResource<Pnl>(ofPortfolio(portfolio, `pnl?period=${period}`), { everyMs: PNL_EVERY_MS[period] }).value.data;
}

function Profit({ portfolio, period }: { portfolio: string; period: Period }) {
  const pnl = usePnl(portfolio, period);
  return <Amount money={pnl?.parts?.total} gain why={pnl === null ? "asked for" : pnl.message} />;
}

function Return({ portfolio }: { portfolio: string }) {
  const pnl = usePnl(portfolio, "day");
  if (!pnl?.time_weighted_return) return <Missing why={pnl?.message} />;
  return <>{percent(Number(pnl.time_weighted_return), 2)}</>;
}

function Tail({ portfolio, measure, bp }: { portfolio: string; measure: string; bp: string }) {
  const found = tailAmount(riskOf(portfolio), measure, bp);
  return (
    <Aged why={found ? whyOldRisk(portfolio) : null}>
      <Amount money={found?.amount} neutral why={found?.reason ?? "no risk report yet"} />
    </Aged>
  );
}

function Priced({ portfolio }: { portfolio: string }) {
  const value = valueOf(portfolio);
  return value ? <CoverageMark coverage={value.coverage} /> : <Missing why="not valued yet" />;
}

function OldestPrice({ portfolio }: { portfolio: string }) {
  const coverage = valueOf(portfolio)?.coverage;
  return <PriceAge seconds={coverage?.oldest_price_age_seconds} stale={(coverage?.stale ?? 0) > 0} />;
}

