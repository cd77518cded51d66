// Whose risk is it: the parts of VaR or expected shortfall, which add up to the total to the cent.
import { useSignal } from "@preact/signals";
import { decimal } from "../../data/decimal";
import { number } from "../../data/format";
import { whyOldRisk } from "../../data/live";
import { ofPortfolio, useResource } from "../../data/resource";
import type { Components } from "../../data/shapes";
import { Bars } from "../../parts/bars";
import { Choice, Empty, Loaded, Panel } from "../../parts/panel";

const MEASURES = [
  ["es", "ES 97.5"],
  ["var", "VaR 99"],
] as const;
const CONFIDENCE = { es: "0.975", var: "0.99" };
const GROUPS = [
  ["position", "Name"],
  ["sector", "Sector"],
  ["currency", "Currency"],
] as const;
const SHOWN = 12;

export function ComponentsPanel({ portfolio }: { portfolio: string }) {
  const measure = useSignal<(typeof MEASURES)[number][0]>("es");
  const by = useSignal<(typeof GROUPS)[number][0]>("position");
  const asked = `components?measure=${measure.value}&by=${by.value}&confidence=${CONFIDENCE[measure.value]}`;
  const answer = useResource<Components>(ofPortfolio(portfolio, asked), { everyMs: 10_000 });
  return (
    <Panel
      title="Risk by part"
      area="components"
      whyOld={whyOldRisk(portfolio)}
      note={`${answer.value.data?.currency ?? ""}, share of total`}
      controls={
        <>
          <Choice label="Measure" options={MEASURES} value={measure.value} onChoose={(name) => (measure.value = name)} />
          <Choice label="Split by" options={GROUPS} value={by.value} onChoose={(name) => (by.value = name)} />
        </>
      }
    >
      <Loaded what="parts of risk" from={answer.value}>
        {(found) => (found.total === null || found.total === undefined ? (
          <Empty>{found.unavailable?.message ?? "There is no total to split."}</Empty>
        ) : (
          <Split found={found} total={found.total} />
        ))}
      </Loaded>
    </Panel>
  );
}

function Split({ found, total }: { found: Components; total: string }) {
  const sorted = [...(found.components ?? [])].sort(
    (one, other) => Math.abs(Number(other.component)) - Math.abs(Number(one.component)),
  );
  const parts = sorted.slice(0, SHOWN).map((part) => ({
    name: part.name,
    low: Math.min(0, Number(part.component)),
    high: Math.max(0, Number(part.component)),
    figure: decimal(part.component, 0),
    more: part.percent === null ? "" : `${number(part.percent, 1)} %`,
  }));
  return (
    <>
      <Bars caption="Components of risk" parts={parts} />
      <p class="why">
        total {decimal(total, 0)} {found.currency}
        {sorted.length > SHOWN && `, with ${sorted.length - SHOWN} smaller parts`}; a hedge goes to the left
      </p>
    </>
  );
}
