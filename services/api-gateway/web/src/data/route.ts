// The page is in the address behind #, so a link leads to it and the server needs one document only.
import { signal } from "@preact/signals";

export const PAGES = ["overview", "portfolio", "market", "limits", "pipeline"] as const;
export type PageName = (typeof PAGES)[number];

export interface Route {
  page: PageName;
  /** A portfolio or a symbol, where the page is about one. */
  subject: string | null;
}

function parse(hash: string): Route {
  const [page = "", subject] = hash.replace(/^#\/?/, "").split("/");
  const known = PAGES.find((name) => name === page) ?? "overview";
  return { page: known, subject: subject ? decodeURIComponent(subject) : null };
}

export const route = signal(parse(location.hash));
addEventListener("hashchange", () => (route.value = parse(location.hash)));

/** Somebody wants to find an instrument: the field takes the focus as soon as it is there. */
export const finding = signal(false);

export function address(page: PageName, subject?: string | null): string {
  return `#/${page}` + (subject ? `/${encodeURIComponent(subject)}` : "");
}

export function go(page: PageName, subject?: string | null): void {
  location.hash = address(page, subject);
}
