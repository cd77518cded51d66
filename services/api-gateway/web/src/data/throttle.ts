import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

/** `value`, changing at most once in `everyMs`, and then to the newest. */
export function useThrottled<T>(value: T, everyMs: number): T {
  const shown = useSignal(value);
  const newest = useRef(value);
  newest.current = value;
  useEffect(() => {
    const timer = setInterval(() => (shown.value = newest.current), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return shown.value ?? value;
}
