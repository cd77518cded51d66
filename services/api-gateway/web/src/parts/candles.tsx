// Candles and volume of one instrument. How sure a bar is shows in its body: final ones are filled, provisional
// ones faint, the forming one hollow; a corrected one carries its revision.
import {
  CandlestickSeries,
  type CandlestickData,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  type SeriesMarker,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { useEffect, useRef } from "preact/hooks";
import type { Bar } from "../data/shapes";
import { colour, theme } from "../data/theme";

interface Drawn {
  chart: IChartApi;
  candles: ISeriesApi<"Candlestick">;
  volume: ISeriesApi<"Histogram">;
  marks: ISeriesMarkersPluginApi<Time>;
}

export function Candles({ bars, symbol }: { bars: readonly Bar[]; symbol: string }) {
  const place = useRef<HTMLDivElement>(null);
  const drawn = useRef<Drawn | null>(null);
  const fitted = useRef("");
  useEffect(() => {
    drawn.current = draw(place.current!);
    fitted.current = "";
    return () => drawn.current?.chart.remove();
  }, [theme.value]);
  useEffect(() => {
    if (!drawn.current) return;
    fill(drawn.current, bars);
    if (fitted.current !== symbol && bars.length > 0) {
      drawn.current.chart.timeScale().fitContent();
      fitted.current = symbol;
    }
  }, [bars, symbol, theme.value]);
  return <div class="candles" ref={place} role="img" aria-label={`Five-minute candles of ${symbol}`} />;
}

function draw(home: HTMLElement): Drawn {
  const chart = createChart(home, {
    autoSize: true,
    // The library's own logo is styled inline, which our policy forbids: the page's footer names it instead.
    layout: {
      attributionLogo: false,
      background: { color: "transparent" },
      textColor: colour("quiet"),
      fontFamily: "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
      fontSize: 11,
    },
    grid: { vertLines: { color: colour("line") }, horzLines: { color: colour("line") } },
    rightPriceScale: { borderColor: colour("line") },
    timeScale: { borderColor: colour("line"), timeVisible: true, secondsVisible: false, maxBarSpacing: 24, rightOffset: 2 },
  });
  const candles = chart.addSeries(CandlestickSeries, { priceLineStyle: 1 });
  const volume = chart.addSeries(HistogramSeries, {
    priceScaleId: "volume",
    priceFormat: { type: "volume" },
    lastValueVisible: false,
    priceLineVisible: false,
  });
  chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  return { chart, candles, volume, marks: createSeriesMarkers(candles, []) };
}

function fill({ candles, volume, marks }: Drawn, bars: readonly Bar[]): void {
  const digits = Math.max(2, ...bars.map((bar) => fractionOf(bar.close)));
  candles.applyOptions({ priceFormat: { type: "price", precision: digits, minMove: 10 ** -digits } });
  candles.setData(bars.map(candleOf));
  volume.setData(bars.map((bar) => ({ time: timeOf(bar), value: bar.volume, color: colour("volume") })));
  marks.setMarkers(bars.filter((bar) => bar.revision > 1).map(revisionMark));
}

function candleOf(bar: Bar): CandlestickData<UTCTimestamp> {
  const up = Number(bar.close) >= Number(bar.open);
  const line = colour(up ? "gain" : "loss");
  const body = { final: line, provisional: colour(up ? "gain-faint" : "loss-faint"), forming: colour("raised") };
  return {
    time: timeOf(bar),
    open: Number(bar.open),
    high: Number(bar.high),
    low: Number(bar.low),
    close: Number(bar.close),
    color: body[bar.status],
    borderColor: line,
    wickColor: line,
  };
}

function revisionMark(bar: Bar): SeriesMarker<Time> {
  const text = `r${bar.revision}`;
  return { time: timeOf(bar), position: "aboveBar", shape: "circle", size: 0.5, color: colour("accent"), text };
}

function timeOf(bar: Bar): UTCTimestamp {
  return (Date.parse(bar.window_start) / 1000) as UTCTimestamp;
}

function fractionOf(price: string): number {
  return Math.min(6, price.split(".")[1]?.replace(/0+$/, "").length ?? 0);
}
