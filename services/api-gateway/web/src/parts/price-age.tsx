import { age } from "../data/format";
import { Missing } from "./figures";

/** How old a price is in market time; one beyond the platform's limit looks stale. */
export function PriceAge({ seconds, stale }: { seconds: number | null | undefined; stale: boolean }) {
  if (seconds == null) return <Missing why="no price" />;
  return <span class={stale ? "stale-figure" : "quiet"}>{age(seconds)}</span>;
}
