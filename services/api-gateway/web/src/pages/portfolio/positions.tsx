// The positions of the newest live value; a row opens to what its number rests on.
import { useSignal } from "@preact/signals";
import { trimmed } from "../../data/decimal";
import { valueOf, whyOldValue } from "../../data/live";
import { ofPortfolio, useResource } from "../../data/resource";
import { address } from "../../data/route";
import type { PositionLine, PositionList } from "../../data/shapes";
import { useThrottled } from "../../data/throttle";
import { Amount, Exact, Missing } from "../../parts/figures";
import { Empty, Loaded, Panel } from "../../parts/panel";
import { PriceAge } from "../../parts/price-age";
import { type Column, Table } from "../../parts/table";
import { Evidence } from "./evidence";

const AT_MOST_EVERY_MS = 1_000;

export function PositionsPanel({ portfolio }: { portfolio: string }) {
  const valuation = useThrottled(valueOf(portfolio)?.valuation_id, AT_MOST_EVERY_MS);
  const answer = useResource<PositionList>(ofPortfolio(portfolio, "positions"), { when: valuation });
  const opened = useSignal<string | null>(null);
  const note = `amounts in ${answer.value.data?.currency ?? "base currency"}; prices and costs in the line's`;
  return (
    <Panel title="Positions" area="positions" note={note} whyOld={whyOldValue(portfolio)}>
      <Loaded what="positions" from={answer.value}>
        {(list) =>
          list.data.length === 0 ? (
            <Empty>This portfolio holds nothing, or was not valued yet.</Empty>
          ) : (
            <Table
              caption="Positions"
              columns={COLUMNS(opened.value, (symbol) => (opened.value = opened.value === symbol ? null : symbol))}
              rows={list.data}
              keyOf={(line) => line.symbol}
              classOf={(line) => (line.price === null ? "unpriced" : line.stale ? "stale" : "")}
              below={(line) => (line.symbol === opened.value ? <Evidence portfolio={portfolio} symbol={line.symbol} /> : null)}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

const amount = (text: string | undefined): number => (text === undefined ? -Infinity : Number(text));

const COLUMNS = (opened: string | null, open: (symbol: string) => void): readonly Column<PositionLine>[] => [
  {
    label: "Symbol",
    order: (line) => line.symbol,
    cell: (line) => (
      <>
        <button
          type="button"
          class="plain"
          aria-expanded={line.symbol === opened}
          aria-label={`Evidence of ${line.symbol}`}
          onClick={() => open(line.symbol)}
        >
          {line.symbol === opened ? "▾" : "▸"}
        </button>{" "}
        <a href={address("market", line.symbol)}>{line.symbol}</a>
      </>
    ),
  },
  { label: "Class", wide: true, order: (line) => line.asset_class ?? "", cell: (line) => <span class="quiet">{line.asset_class}</span> },
  { label: "Quantity", numeric: true, order: (line) => Number(line.quantity), cell: (line) => trimmed(line.quantity, 0, 4) },
  { label: "Cost", numeric: true, wide: true, cell: (line) => trimmed(line.average_cost, 2, 6) },
  {
    label: "Price",
    numeric: true,
    cell: (line) => (line.price === null ? <Missing why="no price" /> : <Exact text={line.price} digits={digitsOf(line.price)} />),
  },
  { label: "Ccy", wide: true, cell: (line) => line.currency },
  {
    label: "Value",
    numeric: true,
    order: (line) => amount(line.market_value_base?.amount),
    cell: (line) => <Amount money={line.market_value_base} why="no price or no rate" />,
  },
  {
    label: "Unrealised",
    numeric: true,
    order: (line) => amount(line.unrealized_pnl_base?.amount),
    cell: (line) => <Amount money={line.unrealized_pnl_base} gain />,
  },
  { label: "of price", numeric: true, wide: true, cell: (line) => <Amount money={line.price_pnl_base} gain /> },
  {
    label: "of FX",
    numeric: true,
    wide: true,
    cell: (line) => <Amount money={line.fx_pnl_base} gain why="the rate at cost is not known" />,
  },
  { label: "Realised", numeric: true, wide: true, cell: (line) => <Amount money={line.realized_pnl_base} gain /> },
  {
    label: "Age",
    numeric: true,
    title: "of the price, in market time",
    order: (line) => line.price_age_seconds ?? Infinity,
    cell: (line) => <PriceAge seconds={line.price_age_seconds} stale={line.stale} />,
  },
];

/** Prices keep their own decimals, at least two, so that a tick's digits do not jump the column. */
function digitsOf(price: string): number {
  return Math.min(6, Math.max(2, price.split(".")[1]?.replace(/0+$/, "").length ?? 0));
}
