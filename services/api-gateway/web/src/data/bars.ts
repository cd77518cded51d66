// Bars as they form, and which of those of a window counts.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Bar } from "./shapes";
import { follow } from "./stream";

/** The newest bars of an instrument, at most `most` windows, from a stream of it alone. */
export function useFreshBars(symbol: string, most: number): readonly Bar[] {
  const fresh = useSignal<readonly Bar[]>([]);
  useEffect(
    () =>
      follow(`/v1/stream?topics=bars&symbol=${encodeURIComponent(symbol)}&interval_ms=500`, {
        connected: () => undefined,
        take(events) {
          const bars = events.filter((event) => event.name === "bar").map((event) => JSON.parse(event.data) as Bar);
          fresh.value = newestPerWindow([...fresh.peek(), ...bars]).slice(-most);
        },
      }),
    [symbol],
  );
  return fresh.value;
}

const SURER = { forming: 0, provisional: 1, final: 2 };
const rank = (bar: Bar): number => SURER[bar.status] * 1e6 + bar.revision;

/** One bar per window, the surest and of those the newest, oldest window first. */
export function newestPerWindow(bars: readonly Bar[]): Bar[] {
  const held = new Map<string, Bar>();
  for (const bar of bars) {
    const other = held.get(bar.window_start);
    if (!other || rank(bar) > rank(other) || (rank(bar) === rank(other) && bar.recorded_at >= other.recorded_at)) {
      held.set(bar.window_start, bar);
    }
  }
  return [...held.values()].sort((one, other) => one.window_start.localeCompare(other.window_start));
}
