// Slower than the gateway allows (100 a second and 500 at once per session, for all tabs of a person), whatever a
// page asks for.
const PER_SECOND = 20;
const AT_ONCE = 60;

/** Gives requests their turn: `AT_ONCE` after a pause, then `PER_SECOND`. */
export class Pace {
  private turn = -Infinity;

  constructor(private readonly now: () => number) {}

  /** Milliseconds until the next request may go; it is taken to go then. */
  wait(): number {
    const now = this.now();
    const step = 1_000 / PER_SECOND;
    this.turn = Math.max(this.turn + step, now - (AT_ONCE - 1) * step);
    return Math.max(0, this.turn - now);
  }
}
