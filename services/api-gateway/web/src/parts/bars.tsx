// Parts of a whole as horizontal bars from a common zero; what is negative goes to the left.
import type { ComponentChildren } from "preact";

export interface Part {
  name: string;
  /** Lengths only; the figure beside it is the number. */
  low: number;
  high: number;
  figure: ComponentChildren;
  more?: ComponentChildren;
}

export function Bars({ parts, caption }: { parts: readonly Part[]; caption: string }) {
  const low = Math.min(0, ...parts.map((part) => part.low));
  const span = Math.max(0, ...parts.map((part) => part.high)) - low || 1;
  const place = (value: number): string => `${((value - low) / span) * 100}%`;
  return (
    <table class="bars">
      <caption>{caption}</caption>
      <tbody>
        {parts.map((part) => (
          <tr key={part.name}>
            <th scope="row">{part.name}</th>
            <td class="track" aria-hidden="true">
              <div>
                <i class="zero" style={{ left: place(0) }} />
                {part.high > 0 && (
                  <i class="long" style={{ left: place(0), width: `${(part.high / span) * 100}%` }} />
                )}
                {part.low < 0 && (
                  <i class="short" style={{ left: place(part.low), width: `${(-part.low / span) * 100}%` }} />
                )}
              </div>
            </td>
            <td class="n">{part.figure}</td>
            {part.more !== undefined && <td class="n quiet">{part.more}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
