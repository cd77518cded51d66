// Money comes as exact decimal strings. It is shown from the string: a float would lose digits of large amounts.

interface Parts {
  negative: boolean;
  units: bigint;
  scale: number;
}

const SHAPE = /^(-?)(\d+)(?:\.(\d+))?$/;

function parse(text: string): Parts {
  const found = SHAPE.exec(text);
  if (!found) throw new Error(`not a plain decimal: ${text}`);
  const [, sign, whole = "0", fraction = ""] = found;
  return { negative: sign === "-", units: BigInt(whole + fraction), scale: fraction.length };
}

/** Units of 10^-digits, half to even as the platform rounds. */
function rounded({ units, scale }: Parts, digits: number): bigint {
  if (scale <= digits) return units * 10n ** BigInt(digits - scale);
  const step = 10n ** BigInt(scale - digits);
  const below = units / step;
  const twice = (units % step) * 2n;
  return twice > step || (twice === step && below % 2n === 1n) ? below + 1n : below;
}

export const MINUS = "\u2212";

/** With thousands separators and exactly `digits` decimals; what rounds to zero has no sign. */
export function decimal(text: string, digits: number, plus = false): string {
  const parts = parse(text);
  const units = rounded(parts, digits);
  const padded = units.toString().padStart(digits + 1, "0");
  const whole = padded.slice(0, padded.length - digits).replace(/\B(?=(\d{3})+$)/g, ",");
  const sign = units === 0n ? "" : parts.negative ? MINUS : plus ? "+" : "";
  return sign + whole + (digits > 0 ? "." + padded.slice(-digits) : "");
}

/** As many decimals as the text has beyond trailing zeros, between `least` and `most`. */
export function trimmed(text: string, least: number, most: number): string {
  const fraction = text.split(".")[1]?.replace(/0+$/, "") ?? "";
  return decimal(text, Math.min(most, Math.max(least, fraction.length)));
}

/** -1, 0 or 1, exactly. */
export function compare(one: string, other: string): number {
  const a = parse(one);
  const b = parse(other);
  const scale = Math.max(a.scale, b.scale);
  const left = rounded(a, scale) * (a.negative ? -1n : 1n);
  const right = rounded(b, scale) * (b.negative ? -1n : 1n);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function signOf(text: string): number {
  return compare(text, "0");
}
