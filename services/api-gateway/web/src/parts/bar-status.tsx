// Bars on their way: the live path's provisional bars against the final ones of the same windows.
import { batch, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clock, number } from "../data/format";
import type { Bar, BarStatus } from "../data/shapes";
import { follow } from "../data/stream";
import { Empty, Panel } from "./panel";
import { type Column, Table } from "./table";

interface Seen {
  bar: Bar;
  /** Whether the final bar says what the provisional one said; null while both were not seen here. */
  agrees: boolean | null;
}

/** By window and symbol. */
type Windows = ReadonlyMap<string, ReadonlyMap<string, Seen>>;
interface Row {
  window: string;
  seen: readonly Seen[];
}

const STATUSES: readonly BarStatus[] = ["forming", "provisional", "final"];
const COMPARED = ["open", "high", "low", "close", "volume", "trades"] as const;
const SHOWN = 8;

export function BarStatusPanel() {
  const windows = useSignal<Windows>(new Map());
  useEffect(
    () =>
      follow("/v1/stream?topics=bars&interval_ms=1000", {
        connected: () => undefined,
        take(events) {
          const bars = events.filter((event) => event.name === "bar").map((event) => JSON.parse(event.data) as Bar);
          batch(() => (windows.value = bars.reduce(added, windows.peek())));
        },
      }),
    [],
  );
  const rows = [...windows.value]
    .map(([window, seen]): Row => ({ window, seen: [...seen.values()] }))
    .sort((one, other) => other.window.localeCompare(one.window))
    .slice(0, SHOWN);
  return (
    <Panel title="Provisional against final bars" area="wide-panel" note="symbols per window; agreement as seen since this page was opened">
      {rows.length === 0 ? (
        <Empty>No bar has come yet.</Empty>
      ) : (
        <Table caption="Bars by window and status" columns={COLUMNS} rows={rows} keyOf={(row) => row.window} />
      )}
    </Panel>
  );
}

function added(windows: Windows, bar: Bar): Windows {
  const window = new Map(windows.get(bar.window_start));
  const before = window.get(bar.symbol);
  const compared = bar.status === "final" && before?.bar.status === "provisional";
  const agrees = compared ? COMPARED.every((name) => Number(before.bar[name]) === Number(bar[name])) : null;
  window.set(bar.symbol, { bar, agrees: agrees ?? before?.agrees ?? null });
  return new Map(windows).set(bar.window_start, window);
}

const count = (row: Row, is: (one: Seen) => boolean): number => row.seen.filter(is).length;

const COLUMNS: readonly Column<Row>[] = [
  { label: "Window", cell: (row) => clock(row.window) },
  { label: "Symbols", numeric: true, cell: (row) => number(row.seen.length, 0) },
  ...STATUSES.map(
    (status): Column<Row> => ({
      label: status,
      numeric: true,
      cell: (row) => number(count(row, (one) => one.bar.status === status), 0),
    }),
  ),
  {
    label: "agree",
    numeric: true,
    title: "final bars that say what the provisional one said",
    cell: (row) => number(count(row, (one) => one.agrees === true), 0),
  },
  {
    label: "differ",
    numeric: true,
    title: "final bars that say something else, as after a late tick",
    cell: (row) => {
      const differ = count(row, (one) => one.agrees === false);
      return <span class={differ ? "light warning" : ""}>{number(differ, 0)}</span>;
    },
  },
  {
    label: "corrected",
    numeric: true,
    title: "final bars of revision 2 or more",
    cell: (row) => number(count(row, (one) => one.bar.revision > 1), 0),
  },
];
