// uPlot in the colours of the page, as wide as its place.
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { colour, theme } from "../data/theme";

export interface Line {
  label: string;
  colour: string;
  fill?: string;
  bars?: boolean;
}

interface PlotProps {
  label: string;
  height: number;
  lines: readonly Line[];
  data: uPlot.AlignedData;
  /** The x axis is market time in seconds, otherwise a number. */
  time: boolean;
  format: (value: number) => string;
  formatX?: (value: number) => string;
  /** Vertical marks with their names. */
  marks?: readonly { at: number; name: string }[];
}

const FONT = "11px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

/** Ticks of a day: the hour and minute, with the date only where a day begins. Smallest step in seconds first. */
const CLOCK: uPlot.Axis.Values = [
  [86_400, "{MM}-{DD}", null, null, null, null, null, null, 1],
  [1, "{HH}:{mm}", null, null, null, null, null, null, 1],
];

export function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const { height, lines, data, label } = props;
  const shape = lines.map((line) => line.label).join() + theme.value;
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const home = place.current!;
    const made = new uPlot(options(latest, home.clientWidth), latest.current.data, home);
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: home.clientWidth, height }));
    resized.observe(home);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, height]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div class="plot" ref={place} role="img" aria-label={label} />;
}

function options(latest: { current: PlotProps }, width: number): uPlot.Options {
  const { height, lines, time } = latest.current;
  const axis: uPlot.Axis = {
    stroke: colour("quiet"),
    font: FONT,
    grid: { stroke: colour("line"), width: 1 },
    ticks: { show: false },
  };
  const said = (value: number | null): string => (value === null ? "—" : latest.current.format(value));
  const saidX = latest.current.formatX;
  const ticks: Partial<uPlot.Axis> = saidX ? { values: (_, found) => found.map(saidX) } : time ? { values: CLOCK } : {};
  return {
    width,
    height,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "UTC"),
    legend: { show: time },
    cursor: { y: false, drag: { x: false, y: false } },
    scales: { x: { time } },
    axes: [
      { ...axis, size: 24, space: saidX ? 90 : 60, ...ticks },
      { ...axis, size: 72, values: (_, ticks) => ticks.map(said) },
    ],
    series: [
      { label: time ? "UTC" : "at", ...(time ? { value: "{YYYY}-{MM}-{DD} {HH}:{mm}" } : {}), ...(saidX ? { value: (_, x) => (x == null ? "—" : saidX(x)) } : {}) },
      ...lines.map((line) => seriesOf(line, said)),
    ],
    hooks: { draw: [(drawn) => drawMarks(drawn, latest.current.marks ?? [])] },
  };
}

function seriesOf(line: Line, said: (value: number | null) => string): uPlot.Series {
  return {
    label: line.label,
    stroke: colour(line.colour),
    width: 1,
    points: { show: false },
    value: (_, value) => said(value),
    ...(line.fill ? { fill: colour(line.fill) } : {}),
    ...(line.bars && uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.9, 40] }) } : {}),
  };
}

function drawMarks(plot: uPlot, marks: readonly { at: number; name: string }[]): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour("accent");
  ctx.textAlign = "left";
  ctx.font = FONT.replace("11px", `${11 * devicePixelRatio}px`);
  marks.forEach(({ at, name }, index) => {
    const x = Math.round(plot.valToPos(at, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) return;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillText(name, x + 4 * devicePixelRatio, bbox.top + (12 + 13 * index) * devicePixelRatio);
  });
  ctx.restore();
}
