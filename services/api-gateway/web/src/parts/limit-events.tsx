// What happened to limits, newest first: as stored, and at once what the stream brings.
import { useComputed } from "@preact/signals";
import { measured, words } from "../data/format";
import { limits } from "../data/live";
import { useResource } from "../data/resource";
import { address } from "../data/route";
import type { LimitEvent, Page } from "../data/shapes";
import { Moment } from "./figures";
import { Light } from "./lights";
import { Empty, Loaded, Panel } from "./panel";
import { type Column, Table } from "./table";

const SHOWN = 40;

export function RecentEvents() {
  const newest = useComputed(() =>
    limits.keys.value
      .map((name) => limits.at(name).value?.event_id ?? "")
      .sort()
      .join(),
  );
  const stored = useResource<Page<LimitEvent>>(`/v1/limits/events?limit=${SHOWN}`, { when: newest.value });
  return (
    <Panel title="Limit events" note="newest first, market time">
      <Loaded what="limit events" from={stored.value}>
        {(page) =>
          page.data.length === 0 ? (
            <Empty>No limit has changed its state.</Empty>
          ) : (
            <Table caption="Limit events" columns={COLUMNS} rows={page.data} keyOf={(event) => event.event_id} />
          )
        }
      </Loaded>
    </Panel>
  );
}

const COLUMNS: readonly Column<LimitEvent>[] = [
  { label: "Time", cell: (event) => <Moment time={event.as_of} /> },
  { label: "Limit", cell: (event) => <a href={address("limits", event.limit_id)}>{event.limit_id}</a> },
  { label: "Portfolio", wide: true, cell: (event) => event.portfolio_id },
  { label: "State", cell: (event) => <Light state={event.state} /> },
  { label: "Was", wide: true, cell: (event) => <span class="quiet">{event.previous_state ?? "new"}</span> },
  { label: "Measure", wide: true, cell: (event) => words(event.measure) },
  { label: "Value", numeric: true, cell: (event) => measured(event.value ?? null, event.unit ?? null) },
  { label: "Level", numeric: true, wide: true, cell: (event) => measured(event.hard_level, event.unit ?? null) },
  { label: "Why", wide: true, cell: (event) => <span class="quiet">{event.message ?? ""}</span> },
];
