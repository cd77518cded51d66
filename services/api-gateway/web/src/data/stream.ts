// One connection to GET /v1/stream that comes back by itself and resumes where it was.
import { get, ProblemError, problemOf, signedIn } from "./api";
import { EventReader, type StreamEvent } from "./events";

export interface Follower {
  /** An event in its order; those of one piece of text come in one batch. */
  take(events: StreamEvent[]): void;
  /** The connection stands (true) or is lost (false). */
  connected(yes: boolean): void;
}

/** The gateway comments after 15 s of silence; after more than that the connection is dead. */
const SILENCE_MS = 25_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5_000;

/** Follow until the returned function is called. */
export function follow(path: string, follower: Follower): () => void {
  const stopped = new AbortController();
  void run(path, follower, stopped.signal);
  return () => stopped.abort();
}

async function run(path: string, follower: Follower, stopped: AbortSignal): Promise<void> {
  let lastId = "";
  let wait = FIRST_WAIT_MS;
  const remembering: Follower = {
    connected: follower.connected,
    take(events) {
      wait = FIRST_WAIT_MS;
      lastId = events.findLast((event) => event.id !== "")?.id ?? lastId;
      follower.take(events);
    },
  };
  while (!stopped.aborted) {
    try {
      await connection(path, lastId, remembering, stopped);
    } catch (error) {
      if (error instanceof ProblemError && error.status === 404) lastId = "";
    }
    if (stopped.aborted) return;
    follower.connected(false);
    await pause(wait, stopped);
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
    if (!signedIn.value) await comeBack(stopped);
  }
}

/** One connection, from the request to its end. */
async function connection(
  path: string,
  lastId: string,
  follower: Follower,
  stopped: AbortSignal,
): Promise<void> {
  const dead = new AbortController();
  let watchdog = setTimeout(() => dead.abort(), SILENCE_MS);
  const headers = { Accept: "text/event-stream", ...(lastId ? { "Last-Event-ID": lastId } : {}) };
  try {
    const signal = AbortSignal.any([dead.signal, stopped]);
    const answer = await fetch(path, { headers, credentials: "same-origin", cache: "no-store", signal });
    if (!answer.ok || !answer.body) throw await problemOf(answer);
    signedIn.value = true;
    follower.connected(true);
    const reader = new EventReader();
    const pieces = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    for (;;) {
      const { done, value } = await pieces.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => dead.abort(), SILENCE_MS);
      const events = reader.take(value);
      if (events.length) follower.take(events);
    }
  } finally {
    clearTimeout(watchdog);
  }
}

/** Signed out: look now and then whether another tab has signed in. */
async function comeBack(stopped: AbortSignal): Promise<void> {
  while (!signedIn.value && !stopped.aborted) {
    await pause(LONGEST_WAIT_MS, stopped);
    await get("/v1/portfolios?limit=1").then(
      () => (signedIn.value = true),
      () => undefined,
    );
  }
}

function pause(milliseconds: number, stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    stopped.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}
