// Asking the gateway. A refusal is an RFC 9457 problem, told as it is.
import { signal } from "@preact/signals";

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

interface ProblemBody {
  title?: string;
  detail?: string;
  trace_id?: string;
}

export async function problemOf(answer: Response): Promise<ProblemError> {
  if (answer.status === 401) signedIn.value = false;
  const body = (await answer.json().catch(() => ({}))) as ProblemBody;
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
