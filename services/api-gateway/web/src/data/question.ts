// One question to REST, shared by all that need its answer: asked as often as the most eager of them wants.
import { signal } from "@preact/signals";
import { ProblemError, reasonOf } from "./api";

export interface Resource<T> {
  data: T | null;
  /** Why the last question had no answer; `data` is then the one before. */
  error: string | null;
  /** HTTP status of that refusal, where there was one. */
  status: number | null;
}

export const NOTHING = { data: null, error: null, status: null };

export interface Wish {
  /** Ask again so long after the last answer; null: once. */
  everyMs: number | null;
}

export type Fetch<T> = (abort: AbortSignal) => Promise<T>;

const AFTER_FAILURE_MS = 5_000;
/** An answer this young serves whoever comes next. */
const SHARED_MS = 1_000;

export class Question<T> {
  readonly answer = signal<Resource<T>>(NOTHING);
  private readonly wishes = new Set<Wish>();
  private readonly fetch: Fetch<T>;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private asking: AbortController | null = null;
  private again = false;
  private askedAt = -Infinity;

  constructor(fetch: Fetch<T>) {
    this.fetch = fetch;
  }

  get isWanted(): boolean {
    return this.wishes.size > 0;
  }

  /** Follow the answer until the returned function is called. */
  join(wish: Wish): () => void {
    this.wishes.add(wish);
    if (!this.asking) this.schedule(performance.now() - this.askedAt > (wish.everyMs ?? SHARED_MS) ? 0 : null);
    return () => this.leave(wish);
  }

  private leave(wish: Wish): void {
    this.wishes.delete(wish);
    if (this.isWanted) return;
    clearTimeout(this.timer);
    if (!this.asking) return;
    this.asking.abort();
    this.asking = null;
    this.askedAt = -Infinity;
  }

  /** Ask as soon as may be; while a question is under way, once more after it. */
  askAgain(): void {
    if (this.asking) this.again = true;
    else this.schedule(0);
  }

  private schedule(afterMs: number | null): void {
    clearTimeout(this.timer);
    const wait = afterMs ?? this.nextMs();
    if (wait !== null && this.isWanted) this.timer = setTimeout(() => void this.ask(), wait);
  }

  private nextMs(): number | null {
    const eager = [...this.wishes].flatMap((wish) => (wish.everyMs === null ? [] : [wish.everyMs]));
    const failed = this.answer.peek().error !== null;
    if (eager.length === 0) return failed ? AFTER_FAILURE_MS : null;
    return Math.max(failed ? AFTER_FAILURE_MS : 0, Math.min(...eager));
  }

  private async ask(): Promise<void> {
    // A hidden page asks nothing again; what it never got it may need as soon as it is looked at.
    if (document.hidden && this.answer.peek().data !== null) {
      document.addEventListener("visibilitychange", () => this.schedule(0), { once: true });
      return;
    }
    const asking = (this.asking = new AbortController());
    this.again = false;
    this.askedAt = performance.now();
    const found = await this.answered(asking.signal);
    if (this.asking !== asking) return; // nobody waits for it any more
    this.asking = null;
    this.answer.value = found;
    this.schedule(this.again ? 0 : null);
  }

  private async answered(abort: AbortSignal): Promise<Resource<T>> {
    try {
      return { data: await this.fetch(abort), error: null, status: null };
    } catch (error) {
      const status = error instanceof ProblemError ? error.status : null;
      return { data: this.answer.peek().data, error: reasonOf(error), status };
    }
  }
}

/** Questions by name. What nobody wants is forgotten when there are many. */
export class Questions {
  private readonly held = new Map<string, Question<unknown>>();

  constructor(private readonly most = 500) {}

  of<T>(name: string, fetch: Fetch<T>): Question<T> {
    let question = this.held.get(name) as Question<T> | undefined;
    if (!question) {
      if (this.held.size >= this.most) this.forget();
      this.held.set(name, (question = new Question(fetch)));
    }
    return question;
  }

  private forget(): void {
    for (const [name, question] of this.held) if (!question.isWanted) this.held.delete(name);
  }
}
