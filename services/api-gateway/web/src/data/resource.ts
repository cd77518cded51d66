// Answers of REST that a component shows: asked again as time passes, the old one kept while there is no newer.
import { type ReadonlySignal, signal, useComputed, useSignal } from "@preact/signals";
import { createContext } from "preact";
import { useContext, useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { get, getAll } from "./api";
import { Pace } from "./pace";
import { type Fetch, NOTHING, type Question, Questions, type Resource } from "./question";
import type { Instrument, Page, Portfolio } from "./shapes";

export type { Resource } from "./question";

interface Again {
  everyMs?: number;
  /** Ask again at once when this changes. */
  when?: string | number | null | undefined;
}

/** Whether the part of the page is on the screen: what nobody sees asks nothing. */
export const OnScreen = createContext<ReadonlySignal<boolean>>(signal(true));

const pace = new Pace(() => performance.now());
const questions = new Questions();

async function turn(): Promise<void> {
  const wait = pace.wait();
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
}

/** The answer of `path`, which is null while there is nothing to ask. */
export function useResource<T>(path: string | null, again: Again = {}): ReadonlySignal<Resource<T>> {
  return useQuestion<T>(path, "one", (abort) => turn().then(() => get<T>(path!, abort)), again);
}

/** All of a list, page after page. */
export function useList<T>(path: string | null, again: Again = {}): ReadonlySignal<Resource<Page<T>>> {
  return useQuestion<Page<T>>(path, "all", (abort) => getAll<T>(path!, turn, abort), again);
}

function useQuestion<T>(
  path: string | null,
  kind: "one" | "all",
  fetch: Fetch<T>,
  { everyMs, when }: Again,
): ReadonlySignal<Resource<T>> {
  const find = (): Question<T> | null => (path === null ? null : questions.of(`${kind} ${path}`, fetch));
  const question = useSignal(find());
  const seen = useContext(OnScreen).value;
  useLayoutEffect(() => {
    question.value = find();
  }, [path]);
  useEffect(
    () => (seen ? question.peek()?.join({ everyMs: everyMs ?? null }) : undefined),
    [path, everyMs, seen],
  );
  const before = useRef(when);
  useEffect(() => {
    if (seen && before.current !== when) question.peek()?.askAgain();
    before.current = when;
  }, [when]);
  return useComputed(() => question.value?.answer.value ?? NOTHING);
}

/** The address of something of a portfolio. */
export function ofPortfolio(portfolio: string, rest: string): string {
  return `/v1/portfolios/${encodeURIComponent(portfolio)}/${rest}`;
}

const LISTS_EVERY_MS = 60_000;

export function usePortfolios(): ReadonlySignal<Resource<Page<Portfolio>>> {
  return useList<Portfolio>("/v1/portfolios?limit=1000", { everyMs: LISTS_EVERY_MS });
}

export function useInstruments(): ReadonlySignal<Resource<Page<Instrument>>> {
  return useList<Instrument>("/v1/instruments?limit=1000", { everyMs: LISTS_EVERY_MS });
}
