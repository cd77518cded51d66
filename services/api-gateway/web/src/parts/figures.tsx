// Numbers on the page: exact, right-aligned by their cell, flashing when they change, a dash when missing.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { compare, decimal, signOf } from "../data/decimal";
import { age, clock, day, moment, NONE } from "../data/format";
import { now } from "../data/live";
import type { Money } from "../data/shapes";

/** The class that lets a change flash: it alternates, so that every change starts the animation again. */
function useFlash(amount: string | null, neutral = false): string {
  const seen = useRef({ amount, turn: 0, way: "" });
  const held = seen.current;
  if (amount !== held.amount) {
    if (amount !== null && held.amount !== null && compare(amount, held.amount) !== 0) {
      held.way = neutral ? "any" : compare(amount, held.amount) > 0 ? "up" : "down";
      held.turn = 1 - held.turn;
    }
    held.amount = amount;
  }
  return held.way && `flash-${held.way}-${held.turn}`;
}

interface AmountProps {
  money: Money | null | undefined;
  digits?: number;
  /** A gain or loss: with its sign, in its colour. */
  gain?: boolean;
  /** More of it is neither good nor bad, as of a risk: it flashes without a colour. */
  neutral?: boolean;
  /** Why there is none. */
  why?: string | null | undefined;
}

export function Amount({ money, digits = 0, gain = false, neutral = false, why }: AmountProps) {
  const flash = useFlash(money?.amount ?? null, neutral);
  if (!money) return <Missing why={why} />;
  const way = gain ? ["loss", "", "gain"][signOf(money.amount) + 1] : "";
  return (
    <span class={`${way} ${flash}`} title={`${money.amount} ${money.currency}`}>
      {decimal(money.amount, digits, gain)}
    </span>
  );
}

/** An exact number without a currency, such as a price or a quantity. */
export function Exact({ text, digits }: { text: string; digits: number }) {
  return (
    <span class={useFlash(text)} title={text}>
      {decimal(text, digits)}
    </span>
  );
}

/** Greys what it holds while there is a reason to, which it tells. */
export function Aged({ why, children }: { why: string | null; children: ComponentChildren }) {
  return why === null ? <>{children}</> : <span class="aged" title={why}>{children}</span>;
}

export function Missing({ why }: { why?: string | null | undefined }) {
  return (
    <span class="missing" title={why ?? "not known"}>
      {NONE}
    </span>
  );
}

/** A market time; on a phone without its date. */
export function Moment({ time }: { time: string }) {
  return (
    <time dateTime={time} title={moment(time)}>
      <span class="quiet wide">{day(time)} </span>
      {clock(time)}
    </time>
  );
}

/** How long ago something was by this machine's clock; counts on by itself. */
export function Since({ at }: { at: number }) {
  return <>{age(Math.max(0, Math.round((now.value - at) / 1000)))}</>;
}
