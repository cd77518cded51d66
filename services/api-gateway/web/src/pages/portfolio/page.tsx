// One portfolio: what it is worth, what it made, how much it can lose, and why.
import { percent } from "../../data/format";
import { riskOf, valueOf, whyOldRisk, whyOldValue } from "../../data/live";
import { ofPortfolio, usePortfolios, useResource } from "../../data/resource";
import { address, go, route } from "../../data/route";
import type { Pnl, Portfolio } from "../../data/shapes";
import { Aged, Amount, Missing } from "../../parts/figures";
import { CoverageMark, Lights } from "../../parts/lights";
import { Empty, Loaded } from "../../parts/panel";
import { tailAmount } from "../tail";
import { ComponentsPanel } from "./components";
import { DrawdownPanel } from "./drawdown";
import { ExposuresPanel } from "./exposures";
import { PnlPanel } from "./pnl";
import { PositionsPanel } from "./positions";
import { VarPanel } from "./value-at-risk";
import { WhatIfPanel } from "./what-if";

export function PortfolioPage() {
  const listed = usePortfolios();
  return (
    <Loaded what="portfolios" from={listed.value}>
      {({ data }) => {
        const chosen = data.find((one) => one.portfolio_id === (route.value.subject ?? data[0]?.portfolio_id));
        if (!chosen) {
          return (
            <Empty>
              No portfolio {route.value.subject}. <a href={address("overview")}>All portfolios</a>
            </Empty>
          );
        }
        return <One key={chosen.portfolio_id} portfolio={chosen} all={data} />;
      }}
    </Loaded>
  );
}

function One({ portfolio, all }: { portfolio: Portfolio; all: readonly Portfolio[] }) {
  const id = portfolio.portfolio_id;
  const value = valueOf(id);
  return (
    <div class={`page portfolio ${whyOldValue(id) ? "stale" : ""}`}>
      <header class="subject">
        <label>
          <span class="hidden">Portfolio</span>
          <select value={id} onChange={(event) => go("portfolio", event.currentTarget.value)}>
            {all.map((one) => (
              <option key={one.portfolio_id} value={one.portfolio_id}>
                {one.portfolio_id}
              </option>
            ))}
          </select>
        </label>
        <h1>{portfolio.name}</h1>
        <span class="note">
          amounts in <strong>{portfolio.base_currency}</strong>
          {value?.members && <> · merges {value.members.join(", ")}</>}
        </span>
        <span class="note">
          priced {value ? <CoverageMark coverage={value.coverage} /> : <Missing why="not valued yet" />} · limits{" "}
          <Lights portfolio={id} />
        </span>
      </header>
      <KeyFigures id={id} />
      <div class="column main-column">
        <PositionsPanel portfolio={id} />
        <VarPanel portfolio={id} />
        <ComponentsPanel portfolio={id} />
        <DrawdownPanel portfolio={id} />
      </div>
      <div class="column">
        <PnlPanel portfolio={id} />
        <ExposuresPanel portfolio={id} />
        <WhatIfPanel portfolio={id} currency={portfolio.base_currency} />
      </div>
      <footer class="evidence">
        valuation <code>{value?.valuation_id ?? "none"}</code> · history <code>{riskOf(id)?.history_version ?? "none"}</code>{" "}
        · <a href={ofPortfolio(id, "value")}>value</a> · <a href={ofPortfolio(id, "value/evidence")}>evidence</a>{" "}
        · <a href={ofPortfolio(id, "risk")}>risk</a>
      </footer>
    </div>
  );
}

function KeyFigures({ id }: { id: string }) {
  const value = valueOf(id);
  const risk = riskOf(id);
  const aged = (figure: preact.ComponentChildren) => <Aged why={risk ? whyOldRisk(id) : null}>{figure}</Aged>;
  const day = useResource<Pnl>(ofPortfolio(id, "pnl?period=day"), { everyMs: 5_000 }).value.data;
  const tail = (measure: string, bp: string) => {
    const found = tailAmount(risk, measure, bp);
    return aged(<Amount money={found?.amount} neutral why={found?.reason ?? "no risk report yet"} />);
  };
  const share = (measure: string) => {
    const found = risk?.measures[measure];
    return found?.value == null ? <Missing why={found?.reason} /> : aged(percent(found.value));
  };
  return (
    <dl class="figures">
      <Figure name="Market value" main>
        <Amount money={value?.market_value} digits={2} />
      </Figure>
      <Figure name="Day P&L" main>
        <Amount money={day?.parts?.total} digits={2} gain why={day?.message} />
      </Figure>
      <Figure name="Unrealised">
        <Amount money={value?.unrealized_pnl} gain />
      </Figure>
      <Figure name="Realised">
        <Amount money={value?.realized_pnl} gain />
      </Figure>
      <Figure name="NAV">
        <Amount money={value?.nav} />
      </Figure>
      <Figure name="Gross">
        <Amount money={value?.gross_exposure} neutral />
      </Figure>
      <Figure name="Net">
        <Amount money={value?.net_exposure} neutral />
      </Figure>
      <Figure name="Leverage">
        {value?.leverage == null ? <Missing why={value?.leverage_reason} /> : Number(value.leverage).toFixed(2) + "×"}
      </Figure>
      <Figure name="VaR 95, 1 d">{tail("historical_var", "9500")}</Figure>
      <Figure name="VaR 99, 1 d">{tail("historical_var", "9900")}</Figure>
      <Figure name="ES 97.5, 1 d">{tail("expected_shortfall", "9750")}</Figure>
      <Figure name="Volatility 20 d">{share("volatility_20d")}</Figure>
      <Figure name="Largest name">
        {risk?.measures["concentration"]?.value == null ? (
          <Missing why={risk?.measures["concentration"]?.reason} />
        ) : (
          aged(`${risk.measures["concentration"].value.toFixed(1)} %`)
        )}
      </Figure>
    </dl>
  );
}

function Figure({ name, main = false, children }: { name: string; main?: boolean; children: preact.ComponentChildren }) {
  return (
    <div class={main ? "main" : ""}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
