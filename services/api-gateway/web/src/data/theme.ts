// Dark or light: as the system says until a person says otherwise.
import { effect, signal } from "@preact/signals";

export type Theme = "dark" | "light";
const KEY = "tapeline.theme";
const system = matchMedia("(prefers-color-scheme: light)");
const chosen = signal<Theme | null>(stored());
const systemTheme = signal<Theme>(system.matches ? "light" : "dark");
system.addEventListener("change", () => (systemTheme.value = system.matches ? "light" : "dark"));

export const theme = signal<Theme>("dark");
effect(() => {
  theme.value = chosen.value ?? systemTheme.value;
  document.documentElement.dataset["theme"] = theme.value;
});

export function toggleTheme(): void {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem(KEY, chosen.value);
}

function stored(): Theme | null {
  const text = localStorage.getItem(KEY);
  return text === "dark" || text === "light" ? text : null;
}

/** A colour of the style sheet, for what is drawn on a canvas. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
