// The text of Server-Sent Events, cut into events. EventSource would hide the status of a refused connection
// and the heartbeats, by which a dead connection is told from a quiet one.

export interface StreamEvent {
  id: string;
  name: string;
  data: string;
}

/** Takes pieces of text as they come and gives the events that are complete. */
export class EventReader {
  private rest = "";

  take(text: string): StreamEvent[] {
    const blocks = (this.rest + text).split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.map(eventOf).filter((event) => event.data !== "");
  }
}

function eventOf(block: string): StreamEvent {
  const event = { id: "", name: "message", data: "" };
  for (const line of block.split("\n")) {
    const at = line.indexOf(": ");
    const value = line.slice(at + 2);
    if (at < 1) continue; // a comment
    const field = line.slice(0, at);
    if (field === "id") event.id = value;
    else if (field === "event") event.name = value;
    else if (field === "data") event.data = value;
  }
  return event;
}
