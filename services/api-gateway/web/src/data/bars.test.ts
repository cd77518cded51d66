import assert from "node:assert/strict";
import { test } from "node:test";
import { newestPerWindow } from "./bars";
import type { Bar } from "./shapes";

const bar = (window: string, status: Bar["status"], revision: number, recorded: string, close = "1"): Bar =>
  ({ window_start: window, status, revision, recorded_at: recorded, close }) as Bar;

test("of a window counts the surest bar, of those the newest revision, of those the last said", () => {
  const found = newestPerWindow([
    bar("14:05", "forming", 0, "1", "old"),
    bar("14:05", "forming", 0, "2", "new"),
    bar("14:00", "final", 2, "5"),
    bar("14:00", "final", 1, "4"),
    bar("14:00", "forming", 0, "9"),
    bar("13:55", "provisional", 1, "3"),
    bar("13:55", "forming", 0, "8"),
  ]);
  assert.deepEqual(
    found.map((one) => [one.window_start, one.status, one.revision]),
    [
      ["13:55", "provisional", 1],
      ["14:00", "final", 2],
      ["14:05", "forming", 0],
    ],
  );
  assert.equal(found.at(-1)?.close, "new");
});
