import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Questions } from "./question";

const page = Object.assign(new EventTarget(), { hidden: false });
Object.assign(globalThis, { document: page });
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

/** A server that counts, and the clock of its clients. */
function scene() {
  let asked = 0;
  let now = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(performance, "now", () => now);
  const questions = new Questions();
  return {
    question: () => questions.of("pnl", async () => ++asked),
    asked: () => asked,
    async pass(ms: number) {
      now += ms;
      mock.timers.tick(ms);
      await settle();
    },
  };
}

test("two parts of a page that need the same ask once", async () => {
  const { question, asked, pass } = scene();
  question().join({ everyMs: 5_000 });
  question().join({ everyMs: 10_000 });
  await pass(0);
  assert.equal(asked(), 1);
  assert.equal(question().answer.value.data, 1);
  await pass(5_000);
  assert.equal(asked(), 2);
});

test("nothing is asked once nobody wants to know", async () => {
  const { question, asked, pass } = scene();
  const leave = question().join({ everyMs: 1_000 });
  await pass(0);
  leave();
  await pass(60_000);
  assert.equal(asked(), 1);
});

test("who comes back sees the last answer, and a newer one when that is old", async () => {
  const { question, asked, pass } = scene();
  question().join({ everyMs: 5_000 })();
  question().join({ everyMs: 5_000 })();
  await pass(0);
  assert.equal(asked(), 0);
  const leave = question().join({ everyMs: 5_000 });
  await pass(0);
  leave();
  await pass(2_000);
  question().join({ everyMs: 5_000 })();
  await pass(0);
  assert.equal(asked(), 1);
  await pass(10_000);
  question().join({ everyMs: 5_000 });
  assert.equal(question().answer.value.data, 1);
  await pass(0);
  assert.equal(question().answer.value.data, 2);
});

test("a question that was given up before its answer is asked anew by whoever comes next", async () => {
  const { question, asked, pass } = scene();
  const leave = question().join({ everyMs: 60_000 });
  mock.timers.tick(0);
  assert.equal(asked(), 1);
  leave();
  question().join({ everyMs: 60_000 });
  await pass(0);
  assert.equal(asked(), 2);
  assert.equal(question().answer.value.data, 2);
});

test("changes while a question is under way ask once more after it, not once each", async () => {
  const { question, asked, pass } = scene();
  question().join({ everyMs: null });
  mock.timers.tick(0);
  question().askAgain();
  question().askAgain();
  await pass(0);
  await pass(0);
  assert.equal(asked(), 2);
});

test("a hidden page asks nothing again until it is looked at", async () => {
  const { question, asked, pass } = scene();
  question().join({ everyMs: 1_000 });
  await pass(0);
  page.hidden = true;
  await pass(1_000);
  await pass(60_000);
  assert.equal(asked(), 1);
  page.hidden = false;
  page.dispatchEvent(new Event("visibilitychange"));
  await pass(0);
  assert.equal(asked(), 2);
});

test("what failed is asked again, and keeps the answer before", async () => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
  let asked = 0;
  const question = new Questions().of("limits", async () => {
    if (++asked === 2) throw new TypeError("no gateway");
    return asked;
  });
  question.join({ everyMs: 1_000 });
  mock.timers.tick(0);
  await settle();
  mock.timers.tick(1_000);
  await settle();
  assert.deepEqual(question.answer.value, { data: 1, error: "the gateway does not answer", status: null });
  mock.timers.tick(4_999);
  await settle();
  assert.equal(asked, 2);
  mock.timers.tick(1);
  await settle();
  assert.equal(question.answer.value.data, 3);
});
