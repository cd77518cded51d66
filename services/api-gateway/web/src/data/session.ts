// Who is signed in, and until when.
import { effect, signal } from "@preact/signals";
import { get, problemOf } from "./api";
import { link } from "./live";
import type { Session } from "./shapes";

export const session = signal<Session | null>(null);

/** Asked whenever a connection stands: a new sign-in may be somebody else. */
effect(() => {
  if (link.value !== "live") return;
  get<Session>("/v1/session").then(
    (found) => (session.value = found),
    () => (session.value = null),
  );
});

export function may(scope: Session["scopes"][number]): boolean {
  const scopes = session.value?.scopes ?? [];
  return scopes.includes(scope) || scopes.includes("admin");
}

export async function signOut(): Promise<void> {
  const answer = await fetch("/v1/session", { method: "DELETE", credentials: "same-origin" });
  if (!answer.ok) throw await problemOf(answer);
  location.reload(); // so that nothing of the session is left in memory
}
