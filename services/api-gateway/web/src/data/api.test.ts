import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { getAll } from "./api";

test("a list is read to its end, each page in its turn", async () => {
  const pages: Record<string, unknown> = {
    "/v1/portfolios?limit=2": { data: ["A", "B"], next_cursor: "B/1" },
    "/v1/portfolios?limit=2&cursor=B%2F1": { data: ["C", "D"], next_cursor: "D" },
    "/v1/portfolios?limit=2&cursor=D": { data: ["E"], next_cursor: null },
  };
  mock.method(globalThis, "fetch", async (path: string) => Response.json(pages[path]));
  let turns = 0;
  const found = await getAll<string>("/v1/portfolios?limit=2", async () => void turns++);
  assert.deepEqual(found.data, ["A", "B", "C", "D", "E"]);
  assert.equal(turns, 3);
});
