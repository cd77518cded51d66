// Value at risk with how sure it is, the distribution it comes from, and the days behind it.
import { useComputed, useSignal } from "@preact/signals";
import { number, percent, words } from "../../data/format";
import { whyOldRisk } from "../../data/live";
import { ofPortfolio, useResource } from "../../data/resource";
import type { Money, Scenarios, Var } from "../../data/shapes";
import { Amount, Missing } from "../../parts/figures";
import { Choice, Empty, Loaded, Panel } from "../../parts/panel";
import { Plot } from "../../parts/plot";
import { type Column, Table } from "../../parts/table";
import { histogram, type TailDay, tailDays } from "./scenarios";

const LEVELS = [
  ["0.95", "95 %"],
  ["0.975", "97.5 %"],
  ["0.99", "99 %"],
] as const;
const METHODS = [
  ["historical", "Historical"],
  ["volatility_scaled", "Vol-scaled"],
  ["age_weighted", "Age-weighted"],
  ["parametric", "Parametric"],
] as const;
const BINS = 40;
const LINES = [{ label: "days", colour: "bar", fill: "bar", bars: true }];

export function VarPanel({ portfolio }: { portfolio: string }) {
  const level = useSignal<(typeof LEVELS)[number][0]>("0.99");
  const method = useSignal<(typeof METHODS)[number][0]>("historical");
  const asked = `var?confidence=${level.value}&method=${method.value}`;
  const answer = useResource<Var>(ofPortfolio(portfolio, asked), { everyMs: 5_000 });
  return (
    <Panel
      title="Value at risk"
      area="var"
      whyOld={whyOldRisk(portfolio)}
      note={`1 day, ${answer.value.data?.currency ?? ""}`}
      controls={
        <>
          <Choice label="Confidence" options={LEVELS} value={level.value} onChoose={(name) => (level.value = name)} />
          <Choice label="Method" options={METHODS} value={method.value} onChoose={(name) => (method.value = name)} />
        </>
      }
    >
      <Loaded what="value at risk" from={answer.value}>
        {(found) => <Numbers found={found} />}
      </Loaded>
      <Distribution portfolio={portfolio} found={answer.value.data} />
    </Panel>
  );
}

function Numbers({ found }: { found: Var }) {
  const { interval } = found;
  return (
    <>
      <dl class="figures">
        <div class="main">
          <dt>VaR</dt>
          <dd>
            <Amount money={found.var} neutral why={found.details["message"] ?? found.reason} />
          </dd>
        </div>
        <div>
          <dt>Interval{interval && `, ${percent(interval.coverage, 0)}`}</dt>
          <dd>
            {interval ? (
              <>
                <Bound money={interval.lower} /> … <Bound money={interval.upper} />
              </>
            ) : (
              <Missing why="only independent, equally weighted days bound it" />
            )}
          </dd>
        </div>
        <div>
          <dt>Expected shortfall</dt>
          <dd>
            <Amount money={found.es} neutral why="not part of this answer" />
          </dd>
        </div>
      </dl>
      <p class="why">
        {[
          found.k != null && found.scenarios != null && `day ${found.k} from the worst of ${found.scenarios}${found.scenario_date ? `, ${found.scenario_date}` : ""}`,
          found.window_start && `window ${found.window_start} to ${found.window_end}`,
          found.estimator && `estimator ${words(found.estimator)}`,
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {found.warnings?.map((warning) => (
        <p key={warning} class="why light warning">
          {warning}
        </p>
      ))}
    </>
  );
}

function Bound({ money }: { money: Money | null }) {
  return money ? <Amount money={money} neutral /> : <span title="the sample is too small to bound this side">∞</span>;
}

function Distribution({ portfolio, found: value }: { portfolio: string; found: Var | null }) {
  const loss = value?.var ?? null;
  const answer = useResource<Scenarios>(ofPortfolio(portfolio, "scenarios"), { everyMs: 30_000 });
  const bins = useComputed(() => histogram(answer.value.data?.scenarios.map((one) => one.pnl) ?? [], BINS));
  return (
    <Loaded what="scenarios" from={answer.value}>
      {(found) =>
        found.scenarios.length === 0 ? (
          <Empty>{found.unavailable?.message ?? "No scenario."}</Empty>
        ) : (
          <>
          <Plot
            label={`Profit or loss of ${found.scenarios.length} past days on today's book`}
            height={130}
            time={false}
            lines={LINES}
            data={bins.value}
            format={(value) => number(value, 0)}
            formatX={(value) => number(value, 0)}
            marks={loss ? [{ at: -Number(loss.amount), name: "VaR" }] : []}
          />
          {value && <TailDays found={value} scenarios={found.scenarios} />}
          </>
        )
      }
    </Loaded>
  );
}

const COLUMNS: readonly Column<TailDay>[] = [
  { label: "Worst", numeric: true, cell: (day) => day.rank },
  { label: "Day", cell: (day) => day.date },
  { label: "Loss today's book would take", numeric: true, cell: (day) => number(day.loss, 0) },
  { label: "", cell: (day) => day.named && <span class="status forming">VaR</span> },
];

function TailDays({ found, scenarios }: { found: Var; scenarios: Scenarios["scenarios"] }) {
  return (
    <Table caption="Worst days" columns={COLUMNS} rows={tailDays(found, scenarios)} keyOf={(day) => day.date} />
  );
}
