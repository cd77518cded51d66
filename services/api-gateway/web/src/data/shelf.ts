// The newest of everything by key. Every key is observable by itself, so that a change draws one row, not a page.
import { type ReadonlySignal, type Signal, signal } from "@preact/signals";

export class Shelf<T> {
  private readonly cells = new Map<string, Signal<T | undefined>>();
  private readonly names = signal<readonly string[]>([]);
  private unseen: Set<string> | null = null;

  /** Keys that have a value, sorted. */
  get keys(): ReadonlySignal<readonly string[]> {
    return this.names;
  }

  /** The newest of a key, which may be yet to come. */
  at(key: string): ReadonlySignal<T | undefined> {
    return this.cell(key);
  }

  put(key: string, value: T): void {
    const cell = this.cell(key);
    const isNew = cell.peek() === undefined;
    cell.value = value;
    this.unseen?.delete(key);
    if (isNew) this.names.value = [...this.names.peek(), key].sort();
  }

  remove(key: string): void {
    this.cell(key).value = undefined;
    this.names.value = this.names.peek().filter((name) => name !== key);
  }

  /** A snapshot begins: what it does not name is gone when it has ended. Nothing flickers meanwhile. */
  beginSnapshot(): void {
    this.unseen = new Set(this.names.peek());
  }

  endSnapshot(): void {
    for (const key of this.unseen ?? []) this.remove(key);
    this.unseen = null;
  }

  private cell(key: string): Signal<T | undefined> {
    let cell = this.cells.get(key);
    if (!cell) this.cells.set(key, (cell = signal<T | undefined>(undefined)));
    return cell;
  }
}
