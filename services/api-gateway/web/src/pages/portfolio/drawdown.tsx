// The stored values of the last day and how far they fell from their peak; beside it the book's own drawdown
// over its scenarios.
import { useComputed } from "@preact/signals";
import { number, percent } from "../../data/format";
import { marketHour, riskOf, whyOldRisk } from "../../data/live";
import { ofPortfolio, useResource } from "../../data/resource";
import type { HistoryPoint, Page } from "../../data/shapes";
import { Empty, Loaded, Panel } from "../../parts/panel";
import { Plot } from "../../parts/plot";
import { Aged, Missing } from "../../parts/figures";

const DAY_MS = 86_400_000;
const EVERY_MS = 15_000;
const VALUE = [{ label: "value", colour: "line-strong" }];
const FALL = [{ label: "from peak", colour: "loss", fill: "loss-faint" }];

export function DrawdownPanel({ portfolio }: { portfolio: string }) {
  // A new question once per hour of market time; between them only the end of the page grows.
  const hour = marketHour.value;
  const from = new Date((hour ?? 0) - DAY_MS).toISOString();
  const path = ofPortfolio(portfolio, `history?metric=market_value&from=${from}`);
  const answer = useResource<Page<HistoryPoint>>(hour === null ? null : path, { everyMs: EVERY_MS });
  const columns = useComputed(() => underwater(answer.value.data?.data ?? []));
  const drawdown = riskOf(portfolio)?.measures["max_drawdown"];
  return (
    <Panel title="Value and drawdown" area="drawdown" note="official values of the last 24 h, every five minutes">
      <p class="why">
        Largest fall of today's book over its scenarios:{" "}
        {drawdown?.value == null ? (
          <Missing why={drawdown?.reason ?? "no risk report yet"} />
        ) : (
          <Aged why={whyOldRisk(portfolio)}>
            <strong>{percent(drawdown.value)}</strong>, {drawdown.details["peak_date"]} to {drawdown.details["trough_date"]}
          </Aged>
        )}
      </p>
      <Loaded what="history" from={answer.value}>
        {(page) =>
          page.data.length < 2 ? (
            <Empty>Official values come with final bars, every five minutes.</Empty>
          ) : (
            <>
              <Plot
                label="Value over the last day"
                height={120}
                time
                lines={VALUE}
                data={[columns.value.times, columns.value.values]}
                format={(value) => number(value, 0)}
              />
              <Plot
                label="Fall from the peak"
                height={90}
                time
                lines={FALL}
                data={[columns.value.times, columns.value.falls]}
                format={(value) => percent(value, 2)}
              />
            </>
          )
        }
      </Loaded>
    </Panel>
  );
}

interface Columns {
  times: number[];
  values: number[];
  /** value / highest value before - 1 */
  falls: number[];
}

function underwater(points: readonly HistoryPoint[]): Columns {
  const columns: Columns = { times: [], values: [], falls: [] };
  let peak = -Infinity;
  for (const point of points) {
    if (point.value === null) continue;
    const value = Number(point.value);
    peak = Math.max(peak, value);
    columns.times.push(Date.parse(point.as_of) / 1000);
    columns.values.push(value);
    columns.falls.push(peak > 0 ? value / peak - 1 : 0);
  }
  return columns;
}
