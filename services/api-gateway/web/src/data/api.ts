// Asking the gateway. A refusal is an RFC 9457 problem, told as it is.
import { signal } from "@preact/signals";
import type { Page, Problem } from "./shapes";

/** False once the gateway has refused us: everything else waits for a new sign-in. */
export const signedIn = signal(true);

export class ProblemError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly detail: string,
    readonly traceId: string | null,
  ) {
    super(`${title}: ${detail}`);
  }
}

export async function problemOf(answer: Response): Promise<ProblemError> {
  if (answer.status === 401) signedIn.value = false;
  const body = (await answer.json().catch(() => ({}))) as Partial<Problem>;
  return new ProblemError(
    answer.status,
    body.title ?? `HTTP ${answer.status}`,
    body.detail ?? answer.statusText,
    body.trace_id ?? null,
  );
}

async function ask<T>(path: string, init: RequestInit): Promise<T> {
  const answer = await fetch(path, { credentials: "same-origin", ...init });
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()) as T;
}

export function get<T>(path: string, abort?: AbortSignal): Promise<T> {
  return ask<T>(path, { headers: { Accept: "application/json" }, signal: abort ?? null });
}

/** All of a list by its cursors; `turn` is waited for before each page. */
export async function getAll<T>(path: string, turn: () => Promise<void>, abort?: AbortSignal): Promise<Page<T>> {
  const data: T[] = [];
  let cursor: string | null | undefined;
  do {
    await turn();
    const page = await get<Page<T>>(cursor ? `${path}&cursor=${encodeURIComponent(cursor)}` : path, abort);
    data.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor);
  return { data, next_cursor: null };
}

export function post<T>(path: string, body: unknown): Promise<T> {
  return ask<T>(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
  });
}

/** What went wrong, in a sentence. */
export function reasonOf(error: unknown): string {
  if (error instanceof ProblemError) {
    return error.detail + (error.traceId ? ` (trace ${error.traceId})` : "");
  }
  return error instanceof TypeError ? "the gateway does not answer" : String(error);
}
