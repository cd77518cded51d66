// A titled part of a page, and what it shows while it has nothing to show.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import type { Resource } from "../data/resource";

interface PanelProps {
  title: string;
  /** Beside the title: units, what the numbers rest on. */
  note?: ComponentChildren;
  controls?: ComponentChildren;
  area?: string;
  /** Why its numbers are not up to date; it looks so then. */
  whyOld?: string | null;
  children: ComponentChildren;
}

export function Panel({ title, note, controls, area, whyOld = null, children }: PanelProps) {
  const id = useId();
  return (
    <section class={`panel ${area ?? ""} ${whyOld ? "aged" : ""}`} aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {note && <span class="note">{note}</span>}
        {whyOld && <span class="note light warning" title={whyOld}>▲ old</span>}
        {controls && <span class="controls">{controls}</span>}
      </header>
      {children}
    </section>
  );
}

export function Waiting({ what }: { what: string }) {
  return <p class="state waiting">Loading {what}…</p>;
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="state">{children}</p>;
}

export function Failed({ what, error }: { what: string; error: string }) {
  return (
    <p class="state failed" role="status">
      <strong>{what} cannot be shown:</strong> {error}
    </p>
  );
}

interface LoadedProps<T> {
  what: string;
  from: Resource<T>;
  children: (data: T) => ComponentChildren;
}

/** The answer, or how it stands with it. An old answer stays when a newer one fails, and says so. */
export function Loaded<T>({ what, from, children }: LoadedProps<T>) {
  if (from.data === null) {
    return from.error === null ? <Waiting what={what} /> : <Failed what={what} error={from.error} />;
  }
  return (
    <div class={from.error === null ? "loaded" : "loaded old"}>
      {from.error !== null && <Failed what={`Newer ${what}`} error={from.error} />}
      {children(from.data)}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  options: readonly (readonly [T, string])[];
  value: T;
  onChoose: (value: T) => void;
}

/** A few alternatives as a row of buttons. */
export function Choice<T extends string>({ label, options, value, onChoose }: ChoiceProps<T>) {
  return (
    <span class="choice" role="group" aria-label={label}>
      {options.map(([name, text]) => (
        <button key={name} type="button" aria-pressed={name === value} onClick={() => onChoose(name)}>
          {text}
        </button>
      ))}
    </span>
  );
}
