// What the book is exposed to, by a grouping of choice: long to the right, short to the left.
import { useSignal } from "@preact/signals";
import { decimal } from "../../data/decimal";
import { percent } from "../../data/format";
import { whyOldValue } from "../../data/live";
import { ofPortfolio, useResource } from "../../data/resource";
import type { Exposures, Grouping } from "../../data/shapes";
import { Bars } from "../../parts/bars";
import { Choice, Empty, Loaded, Panel } from "../../parts/panel";

const GROUPINGS: readonly (readonly [Grouping, string])[] = [
  ["asset_class", "Class"],
  ["sector", "Sector"],
  ["currency", "Currency"],
  ["issuer", "Issuer"],
];
const SHOWN = 12;

export function ExposuresPanel({ portfolio }: { portfolio: string }) {
  const by = useSignal<Grouping>("sector");
  const answer = useResource<Exposures>(ofPortfolio(portfolio, `exposures?by=${by.value}`), { everyMs: 3_000 });
  return (
    <Panel
      title="Exposure"
      area="exposures"
      whyOld={whyOldValue(portfolio)}
      note={`net, ${answer.value.data?.currency ?? ""}; share of gross`}
      controls={<Choice label="Group by" options={GROUPINGS} value={by.value} onChoose={(name) => (by.value = name)} />}
    >
      <Loaded what="exposures" from={answer.value}>
        {(found) => {
          const groups = [...(found[`by_${by.value}`] ?? [])].sort(
            (one, other) => Number(other.gross.amount) - Number(one.gross.amount),
          );
          if (groups.length === 0) return <Empty>No position is priced.</Empty>;
          const parts = groups.slice(0, SHOWN).map((group) => ({
            name: group.name,
            low: Number(group.short.amount),
            high: Number(group.long.amount),
            figure: decimal(group.net.amount, 0),
            more: group.share === null ? "" : percent(Number(group.share)),
          }));
          return (
            <>
              <Bars caption="Exposure by group" parts={parts} />
              {groups.length > SHOWN && <p class="why">and {groups.length - SHOWN} smaller ones</p>}
            </>
          );
        }}
      </Loaded>
    </Panel>
  );
}
