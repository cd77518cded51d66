// Answers of REST that a component shows: asked again as time passes, the old one kept while there is no newer.
import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { get, reasonOf } from "./api";

export interface Resource<T> {
  data: T | null;
  /** Why the last question had no answer; `data` is then the one before. */
  error: string | null;
}

interface Again {
  /** Ask again so long after the last answer: a slow gateway is asked less often. */
  everyMs?: number;
  /** Ask again at once when this changes. */
  when?: string | number | null | undefined;
}

const NOTHING = { data: null, error: null };
const AFTER_FAILURE_MS = 5_000;

/** The answer of `path`, which is null while there is nothing to ask. A hidden page asks nothing again. */
export function useResource<T>(path: string | null, { everyMs, when }: Again = {}): ReadonlySignal<Resource<T>> {
  const resource = useSignal<Resource<T>>(NOTHING);
  const about = useRef(path);
  useEffect(() => {
    if (about.current !== path) resource.value = NOTHING;
    about.current = path;
    if (path === null) return;
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    const ask = async (): Promise<void> => {
      if (!document.hidden || resource.peek().data === null) {
        try {
          resource.value = { data: await get<T>(path, gone.signal), error: null };
        } catch (error) {
          if (gone.signal.aborted) return;
          resource.value = { data: resource.peek().data, error: reasonOf(error) };
        }
      }
      const wait = everyMs ?? (resource.peek().error === null ? null : AFTER_FAILURE_MS);
      if (wait !== null && !gone.signal.aborted) timer = setTimeout(() => void ask(), wait);
    };
    void ask();
    return () => {
      gone.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs, when]);
  return resource;
}

/** The address of something of a portfolio. */
export function ofPortfolio(portfolio: string, rest: string): string {
  return `/v1/portfolios/${encodeURIComponent(portfolio)}/${rest}`;
}
