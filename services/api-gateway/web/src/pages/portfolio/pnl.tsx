// Profit and loss split into where it came from, for the day, the month and the year.
import { percent } from "../../data/format";
import { ofPortfolio, useResource } from "../../data/resource";
import { address } from "../../data/route";
import type { Period, Pnl, PnlParts } from "../../data/shapes";
import { Amount, Missing } from "../../parts/figures";
import { Failed, Panel } from "../../parts/panel";

const PERIODS: readonly (readonly [Period, string, number])[] = [
  ["day", "Day", 5_000],
  ["mtd", "Month", 15_000],
  ["ytd", "Year", 60_000],
];
const PARTS: readonly (readonly [keyof PnlParts, string])[] = [
  ["price", "Price"],
  ["fx", "FX"],
  ["trading", "Trading"],
  ["income", "Income"],
  ["fees", "− Fees"],
  ["total", "Total"],
  ["hypothetical", "Without trades"],
];

export function PnlPanel({ portfolio }: { portfolio: string }) {
  const answers = PERIODS.map(([period, , everyMs]) =>
    // The periods never change in number or order, as hooks ask for.
    useResource<Pnl>(ofPortfolio(portfolio, `pnl?period=${period}`), { everyMs }),
  );
  const [day] = answers.map((one) => one.value.data);
  const failed = answers.find((one) => one.value.error !== null)?.value.error;
  const note = day?.date ? `${day.date}${day.live ? ", running" : ", frozen"}` : "";
  return (
    <Panel title="P&L" area="pnl" note={note}>
      {failed && <Failed what="Newer profit and loss" error={failed} />}
      <table>
        <caption>Profit and loss by part and period</caption>
        <thead>
          <tr>
            <th scope="col">Part</th>
            {PERIODS.map(([period, name]) => (
              <th key={period} scope="col" class="n">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {PARTS.map(([part, name]) => (
            <tr key={part} class={part === "total" ? "sum" : ""}>
              <th scope="row">{name}</th>
              {answers.map((answer, place) => (
                <td key={place} class="n">
                  <Amount money={answer.value.data?.parts?.[part]} gain={part !== "fees"} why={answer.value.data?.message} />
                </td>
              ))}
            </tr>
          ))}
          <tr>
            <th scope="row">Return, time-weighted</th>
            {answers.map((answer, place) => (
              <td key={place} class="n">
                <Return pnl={answer.value.data} />
              </td>
            ))}
          </tr>
        </tbody>
      </table>
      <Reasons answers={answers.map((one) => one.value.data)} />
      {day && <Movers pnl={day} />}
    </Panel>
  );
}

function Return({ pnl }: { pnl: Pnl | null }) {
  if (!pnl?.time_weighted_return) return <Missing why={pnl?.message} />;
  return <>{percent(Number(pnl.time_weighted_return), 2)}</>;
}

/** Why a period has no total: said in words, a dash alone is not enough. */
function Reasons({ answers }: { answers: readonly (Pnl | null)[] }) {
  const said = new Set(answers.flatMap((pnl) => (pnl?.parts === null && pnl.message ? [pnl.message] : [])));
  return (
    <>
      {[...said].map((message) => (
        <p key={message} class="why">
          {message}
        </p>
      ))}
    </>
  );
}

function Movers({ pnl }: { pnl: Pnl }) {
  if (pnl.gainers.length + pnl.losers.length === 0) return null;
  return (
    <p class="movers">
      {[...pnl.gainers.slice(0, 3), ...pnl.losers.slice(0, 3)].map(({ symbol, total }) => (
        <span key={symbol}>
          <a href={address("market", symbol)}>{symbol}</a> <Amount money={total} gain />
        </span>
      ))}
    </p>
  );
}
