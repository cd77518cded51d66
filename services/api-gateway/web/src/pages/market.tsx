// The bars of one instrument: candles with the forming one, and every revision of each bar.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { newestPerWindow, useFreshBars } from "../data/bars";
import { trimmed } from "../data/decimal";
import { clock, number } from "../data/format";
import { useInstruments, useResource } from "../data/resource";
import { address, finding, go, route } from "../data/route";
import type { Bar, Instrument, Page } from "../data/shapes";
import { Candles } from "../parts/candles";
import { Missing, Moment } from "../parts/figures";
import { Empty, Loaded, Panel } from "../parts/panel";
import { type Column, Table } from "../parts/table";

const BARS = 288;
/** More than these nobody reads through, and they would be slow to draw. */
const LISTED = 300;
const REVISIONS_EVERY_MS = 30_000;

export function Market() {
  const listed = useInstruments();
  return (
    <Loaded what="instruments" from={listed.value}>
      {({ data }) => {
        const chosen = data.find((one) => one.symbol === (route.value.subject ?? data[0]?.symbol));
        return (
          <div class="page market">
            <Instruments all={data} chosen={chosen?.symbol ?? null} />
            {chosen ? <One key={chosen.symbol} instrument={chosen} /> : <Empty>No instrument {route.value.subject}.</Empty>}
          </div>
        );
      }}
    </Loaded>
  );
}

function Instruments({ all, chosen }: { all: readonly Instrument[]; chosen: string | null }) {
  const sought = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (finding.value) field.current?.focus();
    finding.value = false;
  }, [finding.value]);
  const text = sought.value.toLowerCase();
  const found = all.filter((one) => `${one.symbol} ${one.name} ${one.sector ?? ""}`.toLowerCase().includes(text));
  return (
    <nav class="panel instruments" aria-label="Instruments">
      <label>
        <span class="hidden">Find an instrument</span>
        <input
          type="search"
          ref={field}
          placeholder="Find (press /)"
          value={sought.value}
          onInput={(event) => (sought.value = event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && found[0] && go("market", found[0].symbol)}
        />
      </label>
      <ul>
        {found.slice(0, LISTED).map((one) => (
          <li key={one.symbol}>
            <a href={address("market", one.symbol)} aria-current={one.symbol === chosen ? "page" : undefined}>
              <strong>{one.symbol}</strong> <span class="quiet">{one.name}</span>
            </a>
          </li>
        ))}
      </ul>
      {found.length === 0 && <Empty>Nothing is called so.</Empty>}
      {found.length > LISTED && <p class="why">{number(found.length - LISTED, 0)} more: type to find them</p>}
    </nav>
  );
}

function One({ instrument }: { instrument: Instrument }) {
  const { symbol } = instrument;
  const path = `/v1/instruments/${encodeURIComponent(symbol)}/bars`;
  const stored = useResource<Page<Bar>>(`${path}?limit=${BARS}`, { everyMs: REVISIONS_EVERY_MS });
  const every = useResource<Page<Bar>>(`${path}?revisions=all&limit=${BARS}`, { everyMs: REVISIONS_EVERY_MS });
  const fresh = useFreshBars(symbol, BARS);
  const bars = newestPerWindow([...(stored.value.data?.data ?? []), ...fresh]);
  const last = bars.at(-1);
  const note = [instrument.name, instrument.asset_class, instrument.exchange, instrument.currency].join(" · ");
  return (
    <>
      <Panel title={symbol} area="chart" note={note} controls={last && <LastBar bar={last} />}>
        <Loaded what="bars" from={stored.value}>
          {() => (bars.length === 0 ? <Empty>No bar of {symbol} yet: none of its ticks has come.</Empty> : <Candles bars={bars} symbol={symbol} />)}
        </Loaded>
        <p class="why">5 min bars, UTC. Filled: final. Faint: provisional. Hollow: forming. r2 and more: corrected after a late tick.</p>
      </Panel>
      <Panel title="Bars and revisions" area="revisions" note={`newest first; prices in ${instrument.currency}`}>
        <Loaded what="revisions" from={every.value}>
          {(page) => (
            <Table
              caption="Bars and revisions"
              columns={COLUMNS}
              rows={[...page.data].reverse().slice(0, 100)}
              keyOf={(bar) => `${bar.window_start} ${bar.revision} ${bar.status}`}
              classOf={(bar) => (bar.revision > 1 ? "corrected" : "")}
            />
          )}
        </Loaded>
      </Panel>
    </>
  );
}

function LastBar({ bar }: { bar: Bar }) {
  return (
    <span class="last-bar">
      O {price(bar.open)} H {price(bar.high)} L {price(bar.low)} C <strong>{price(bar.close)}</strong>{" "}
      <span class={`status ${bar.status}`}>{bar.status}</span>
    </span>
  );
}

const price = (text: string): string => trimmed(text, 2, 6);

const COLUMNS: readonly Column<Bar>[] = [
  { label: "Window", cell: (bar) => <Moment time={bar.window_start} /> },
  { label: "Status", cell: (bar) => <span class={`status ${bar.status}`}>{bar.status}</span> },
  { label: "Rev", numeric: true, cell: (bar) => number(bar.revision, 0) },
  { label: "Open", numeric: true, wide: true, cell: (bar) => price(bar.open) },
  { label: "High", numeric: true, wide: true, cell: (bar) => price(bar.high) },
  { label: "Low", numeric: true, wide: true, cell: (bar) => price(bar.low) },
  { label: "Close", numeric: true, cell: (bar) => price(bar.close) },
  { label: "VWAP", numeric: true, wide: true, cell: (bar) => (bar.vwap == null ? <Missing why="no volume" /> : trimmed(bar.vwap, 2, 4)) },
  { label: "Volume", numeric: true, cell: (bar) => number(bar.volume, 0) },
  { label: "Ticks", numeric: true, wide: true, cell: (bar) => number(bar.trades, 0) },
  { label: "Last tick", wide: true, cell: (bar) => <code>{bar.last_tick_id}</code> },
  { label: "Recorded", numeric: true, wide: true, cell: (bar) => clock(bar.recorded_at) },
];
