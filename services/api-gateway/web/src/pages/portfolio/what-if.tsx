// What trades would do to value, risk and limits, before they are done.
import { useSignal } from "@preact/signals";
import { post, reasonOf } from "../../data/api";
import { decimal } from "../../data/decimal";
import { measured, NONE, words } from "../../data/format";
import { useInstruments } from "../../data/resource";
import type { AmountChange, WhatIf } from "../../data/shapes";
import { Light } from "../../parts/lights";
import { Empty, Failed, Panel, Waiting } from "../../parts/panel";
import { type Column, Table } from "../../parts/table";

interface Draft {
  symbol: string;
  quantity: string;
  price: string;
}

type Outcome = { kind: "none" } | { kind: "asking" } | { kind: "failed"; why: string } | { kind: "found"; found: WhatIf };

const BLANK: Draft = { symbol: "", quantity: "", price: "" };
const SHOWN_MEASURES = new Set(["historical_var", "expected_shortfall", "volatility_20d", "concentration", "max_drawdown"]);

export function WhatIfPanel({ portfolio, currency }: { portfolio: string; currency: string }) {
  const instruments = useInstruments();
  const trades = useSignal<readonly Draft[]>([BLANK]);
  const outcome = useSignal<Outcome>({ kind: "none" });
  const change = (place: number, part: Partial<Draft>): void => {
    trades.value = trades.value.map((trade, index) => (index === place ? { ...trade, ...part } : trade));
  };
  const ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    outcome.value = { kind: "asking" };
    try {
      const body = { portfolio_id: portfolio, trades: trades.value.map(sent) };
      outcome.value = { kind: "found", found: await post<WhatIf>("/v1/what-if", body) };
    } catch (error) {
      outcome.value = { kind: "failed", why: reasonOf(error) };
    }
  };
  return (
    <Panel title="What if" area="what-if" note={`nothing is booked; ${currency}`}>
      <form class="what-if-form" onSubmit={(event) => void ask(event)}>
        <datalist id="symbols">
          {instruments.value.data?.data.map((one) => (
            <option key={one.symbol} value={one.symbol}>
              {one.name}
            </option>
          ))}
        </datalist>
        {trades.value.map((trade, place) => (
          <TradeFields key={place} trade={trade} onChange={(part) => change(place, part)} />
        ))}
        <div>
          <button type="submit">Show</button>{" "}
          <button type="button" class="plain" onClick={() => (trades.value = [...trades.value, BLANK])}>
            + trade
          </button>
          {trades.value.length > 1 && (
            <button type="button" class="plain" onClick={() => (trades.value = trades.value.slice(0, -1))}>
              − trade
            </button>
          )}
        </div>
      </form>
      <div aria-live="polite">
        <Shown outcome={outcome.value} />
      </div>
    </Panel>
  );
}

function sent(trade: Draft): Record<string, string> {
  const { symbol, quantity, price } = trade;
  return { symbol: symbol.trim().toUpperCase(), quantity, ...(price ? { price } : {}) };
}

function TradeFields({ trade, onChange }: { trade: Draft; onChange: (part: Partial<Draft>) => void }) {
  return (
    <div class="fields">
      <label>
        Symbol
        <input
          list="symbols"
          required
          autocomplete="off"
          value={trade.symbol}
          onInput={(event) => onChange({ symbol: event.currentTarget.value })}
        />
      </label>
      <label>
        Quantity
        <input
          required
          inputMode="decimal"
          pattern="-?\d+(\.\d+)?"
          title="units, below 0 to sell"
          placeholder="−500"
          value={trade.quantity}
          onInput={(event) => onChange({ quantity: event.currentTarget.value })}
        />
      </label>
      <label>
        Price
        <input
          inputMode="decimal"
          pattern="\d+(\.\d+)?"
          placeholder="mark"
          value={trade.price}
          onInput={(event) => onChange({ price: event.currentTarget.value })}
        />
      </label>
    </div>
  );
}

function Shown({ outcome }: { outcome: Outcome }) {
  if (outcome.kind === "none") return <Empty>Quantities are signed: below 0 sells. Without a price the mark is used.</Empty>;
  if (outcome.kind === "asking") return <Waiting what="the book after" />;
  if (outcome.kind === "failed") return <Failed what="The book after" error={outcome.why} />;
  const { found } = outcome;
  return (
    <>
      {found.trades.filter((one) => one.reason).map((one) => (
        <p key={one.symbol} class="why light warning">
          {one.symbol} is left out: {one.message}
        </p>
      ))}
      <Table caption="Before and after" columns={COLUMNS} rows={rowsOf(found)} keyOf={(row) => row.name} />
      <p class="why">
        cash {decimal(found.cash_flow, 2, true)} {found.currency}, profit {decimal(found.profit, 2, true)} {found.currency}
      </p>
      {found.limits.filter((one) => one.changes).map((one) => (
        <p key={one.limit_id} class="why">
          {one.limit_id}: <Light state={one.state_before} /> → <Light state={one.state_after} />
        </p>
      ))}
      {found.limits.length > 0 && !found.limits.some((one) => one.changes) && <p class="why">No limit would change its state.</p>}
    </>
  );
}

interface Row {
  name: string;
  before: string;
  after: string;
  change: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { label: "", cell: (row) => row.name },
  { label: "Before", numeric: true, cell: (row) => row.before },
  { label: "After", numeric: true, cell: (row) => row.after },
  { label: "Change", numeric: true, cell: (row) => row.change },
];

function rowsOf(found: WhatIf): Row[] {
  const amounts = [
    amountRow("Market value", found.market_value),
    amountRow("Gross", found.gross),
    amountRow("Net", found.net),
  ];
  const measures = found.measures
    .filter((one) => SHOWN_MEASURES.has(one.measure))
    .map((one) => {
      const level = one.parameters["confidence_bp"];
      const unit = one.unit.length === 3 ? null : one.unit; // the currency is in the title
      return {
        name: words(one.measure) + (level ? ` ${Number(level) / 100}` : ""),
        before: measured(one.before, unit),
        after: measured(one.after, unit),
        change: measured(one.change, unit),
      };
    });
  return [...amounts, ...measures];
}

function amountRow(name: string, { before, after, change }: AmountChange): Row {
  const said = (text: string | null, plus = false): string => (text === null ? NONE : decimal(text, 0, plus));
  return { name, before: said(before), after: said(after), change: said(change, true) };
}
