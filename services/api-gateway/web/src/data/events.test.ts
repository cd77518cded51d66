import assert from "node:assert/strict";
import { test } from "node:test";
import { EventReader } from "./events";

const TEXT = 'event: snapshot\ndata: {"events":1}\n\n: heartbeat\n\nid: 5f-17\nevent: value\ndata: {"a":"b: c"}\n\n';

test("events come out whole however the text was cut", () => {
  for (let cut = 0; cut <= TEXT.length; cut++) {
    const reader = new EventReader();
    const events = [...reader.take(TEXT.slice(0, cut)), ...reader.take(TEXT.slice(cut))];
    assert.deepEqual(events, [
      { id: "", name: "snapshot", data: '{"events":1}' },
      { id: "5f-17", name: "value", data: '{"a":"b: c"}' },
    ]);
  }
});

test("an event that has not ended is kept back", () => {
  assert.deepEqual(new EventReader().take("event: value\ndata: {}\n"), []);
});
