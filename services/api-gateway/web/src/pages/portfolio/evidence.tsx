// From a position's number back to the ticks: prices and bars, rates and quotes, position versions and trades.
import { trimmed } from "../../data/decimal";
import { moment, number } from "../../data/format";
import { ofPortfolio, useResource } from "../../data/resource";
import type { EvidenceLine, Source, ValueEvidence } from "../../data/shapes";
import { Empty, Loaded } from "../../parts/panel";

export function Evidence({ portfolio, symbol }: { portfolio: string; symbol: string }) {
  const answer = useResource<ValueEvidence>(ofPortfolio(portfolio, "value/evidence"));
  return (
    <Loaded what="evidence" from={answer.value}>
      {(found) => {
        const line = found.lines.find((one) => one.symbol === symbol);
        return line ? <Chain line={line} found={found} /> : <Empty>{symbol} is no longer held.</Empty>;
      }}
    </Loaded>
  );
}

function Chain({ line, found }: { line: EvidenceLine; found: ValueEvidence }) {
  const { quantity, multiplier, price, fx_rate: rate, market_value_base: value } = line;
  return (
    <dl class="evidence">
      <dt>value</dt>
      <dd>
        {value === null ? "not known" : `${trimmed(value.amount, 2, 8)} ${value.currency}`} = {trimmed(quantity, 0, 8)}
        {multiplier !== "1" && ` × ${trimmed(multiplier, 0, 8)}`} × {price === null ? "no price" : trimmed(price, 2, 8)}{" "}
        {line.currency}
        {rate !== null && rate !== "1" && ` × ${trimmed(rate, 4, 12)}`}, as of {moment(found.as_of)}
      </dd>
      <dt>price</dt>
      <dd>
        <Sources sources={line.price_sources} />
      </dd>
      <dt>rate</dt>
      <dd>
        <Sources sources={line.fx_sources} />
      </dd>
      <dt>position</dt>
      <dd>
        {line.positions.map((one) => (
          <div key={one.portfolio_id}>
            {trimmed(one.quantity, 0, 8)} at {trimmed(one.average_cost, 2, 8)} in {one.portfolio_id}, since{" "}
            {moment(one.as_of)}, revision {one.revision}
          </div>
        ))}
        {line.fills.map((fill) => (
          <div key={fill.trade_id}>
            trade <code>{fill.trade_id}</code>: {trimmed(fill.quantity, 0, 8)} at {trimmed(fill.price, 2, 8)}, {moment(fill.executed_at)}
          </div>
        ))}
      </dd>
      <dt>valuation</dt>
      <dd>
        <code>{found.valuation_id}</code>
      </dd>
    </dl>
  );
}

function Sources({ sources }: { sources: readonly Source[] }) {
  if (sources.length === 0) return <>nothing</>;
  return (
    <>
      {sources.map((one) => (
        <div key={one.id}>
          {one.kind} <code>{one.id}</code>
          {one.value !== null && `: ${trimmed(one.value, 2, 12)} ${one.currency ?? ""}`}
          {one.as_of !== null && ` of ${moment(one.as_of)}`}
          {one.ticks && `, ${number(one.ticks.count, 0)} ticks of ${one.ticks.topic} ${one.ticks.partition} up to offset ${one.ticks.last_offset}`}
          {one.tick_id !== null && one.tick_id !== one.id && (
            <>
              , tick <code>{one.tick_id}</code>
            </>
          )}
        </div>
      ))}
    </>
  );
}
