// Tables whose rows follow their own signals, with columns that sort where they say how.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { OnScreen } from "../data/resource";
import { useOnScreen } from "./on-screen";

export interface Column<R> {
  label: string;
  cell: (row: R) => ComponentChildren;
  /** What the header means, for those who ask. */
  title?: string;
  numeric?: boolean;
  /** Left out on a phone. */
  wide?: boolean;
  order?: (row: R) => number | string;
}

interface TableProps<R> {
  caption: string;
  columns: readonly Column<R>[];
  rows: readonly R[];
  keyOf: (row: R) => string;
  classOf?: (row: R) => string;
  /** Makes every row open on click; its first cell should hold a link or button for the keyboard. */
  onOpen?: (row: R) => void;
  /** Shown below a row. */
  below?: (row: R) => ComponentChildren;
}

export function Table<R>(props: TableProps<R>) {
  const sorting = useSignal<{ label: string; down: boolean } | null>(null);
  const { columns, caption } = props;
  const by = columns.find((column) => column.label === sorting.value?.label);
  const rows = sorting.value && by?.order ? sorted(props.rows, by.order, sorting.value.down) : props.rows;
  const sort = (label: string): void => {
    sorting.value = { label, down: sorting.value?.label === label ? !sorting.value.down : true };
  };
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <Head key={column.label} column={column} sorting={sorting.value} onSort={sort} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row key={props.keyOf(row)} row={row} table={props} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface HeadProps<R> {
  column: Column<R>;
  sorting: { label: string; down: boolean } | null;
  onSort: (label: string) => void;
}

function Head<R>({ column, sorting, onSort }: HeadProps<R>) {
  const active = sorting?.label === column.label;
  const sort = active ? (sorting.down ? "descending" : "ascending") : undefined;
  return (
    <th scope="col" class={classOf(column)} title={column.title} aria-sort={sort}>
      {column.order ? (
        <button type="button" onClick={() => onSort(column.label)}>
          {column.label}
          {active && <span aria-hidden="true">{sorting.down ? " ↓" : " ↑"}</span>}
        </button>
      ) : (
        column.label
      )}
    </th>
  );
}

function Row<R>({ row, table }: { row: R; table: TableProps<R> }) {
  const { columns, onOpen, below } = table;
  const more = below?.(row);
  const [place, seen] = useOnScreen<HTMLTableRowElement>();
  return (
    <OnScreen.Provider value={seen}>
      <tr ref={place} class={`${table.classOf?.(row) ?? ""} ${onOpen ? "opens" : ""}`} onClick={() => onOpen?.(row)}>
        {columns.map((column) => (
          <td key={column.label} class={classOf(column)}>
            {column.cell(row)}
          </td>
        ))}
      </tr>
      {more && (
        <tr class="below">
          <td colSpan={columns.length}>{more}</td>
        </tr>
      )}
    </OnScreen.Provider>
  );
}

function classOf<R>(column: Column<R>): string {
  return `${column.numeric ? "n" : ""} ${column.wide ? "wide" : ""}`;
}

function sorted<R>(rows: readonly R[], order: (row: R) => number | string, down: boolean): R[] {
  const way = down ? -1 : 1;
  return [...rows].sort((one, other) => {
    const [a, b] = [order(one), order(other)];
    return way * (typeof a === "string" || typeof b === "string" ? `${a}`.localeCompare(`${b}`) : a - b);
  });
}
