// Whether an element can be seen, or nearly: one observer for all.
import { type ReadonlySignal, type Signal, useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

const MARGIN = "200px";
const watched = new WeakMap<Element, Signal<boolean>>();
const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const seen = watched.get(target);
      if (seen) seen.value = isIntersecting;
    }
  },
  { rootMargin: MARGIN },
);

/** A reference to give to the element, and whether it is on the screen. */
export function useOnScreen<E extends Element>(): [RefObject<E>, ReadonlySignal<boolean>] {
  const place = useRef<E>(null);
  const seen = useSignal(false);
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return;
    watched.set(element, seen);
    observer.observe(element);
    return () => observer.unobserve(element);
  }, []);
  return [place, seen];
}
