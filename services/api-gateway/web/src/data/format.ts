// Times, ages and model numbers as people read them. Money is in decimal.ts.
import { MINUS } from "./decimal";

export const NONE = "—";

/** A float of a model: rounded is fine here. */
export function number(value: number, digits: number): string {
  const text = Math.abs(value).toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

export function percent(ratio: number, digits = 1): string {
  return number(ratio * 100, digits) + " %";
}

/** A measure's value in its unit. */
export function measured(value: number | null, unit: string | null): string {
  if (value === null) return NONE;
  if (unit === "ratio") return number(value, 3);
  if (unit === "percent") return number(value, 1) + " %";
  return number(value, 0) + (unit ? " " + unit : "");
}

/** Seconds as the largest two units at most. */
export function age(seconds: number): string {
  if (seconds < 0) return "0 s";
  if (seconds < 10) return seconds.toFixed(1) + " s";
  if (seconds < 120) return Math.round(seconds) + " s";
  const minutes = Math.floor(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** 14:32:10 of an RFC 3339 time in UTC. */
export function clock(time: string): string {
  return new Date(time).toISOString().slice(11, 19);
}

export function minute(time: string): string {
  return new Date(time).toISOString().slice(11, 16);
}

export function day(time: string): string {
  return new Date(time).toISOString().slice(0, 10);
}

export function moment(time: string): string {
  return `${day(time)} ${clock(time)} UTC`;
}

/** snake_case names of the API as words. */
export function words(name: string): string {
  return name.replaceAll("_", " ");
}
