// A small line without axes: which way it went, not how far.

const WIDTH = 96;
const HEIGHT = 18;

interface SparkProps {
  points: readonly number[];
  label: string;
  /** More is neither good nor bad: without a colour. */
  plain?: boolean;
}

export function Spark({ points, label, plain = false }: SparkProps) {
  if (points.length < 2) return <span class="quiet spark-wait">·</span>;
  const low = Math.min(...points);
  const span = Math.max(...points) - low || 1;
  const x = (index: number): string => ((index / (points.length - 1)) * WIDTH).toFixed(1);
  const y = (point: number): string => (HEIGHT - 1 - ((point - low) / span) * (HEIGHT - 2)).toFixed(1);
  const line = points.map((point, index) => `${x(index)},${y(point)}`).join(" ");
  const way = points.at(-1)! >= points[0]! ? "gain" : "loss";
  return (
    <svg class={`spark ${plain ? "" : way}`} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <polyline points={line} />
    </svg>
  );
}
