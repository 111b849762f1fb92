import assert from "node:assert/strict";
import { test } from "node:test";
import { type Own, OwnFigures } from "../src/api/own";

interface Question {
  filter: string;
  signal: AbortSignal;
  answer: (value: number) => void;
  fail: (error: Error) => void;
}

/** Figures whose answers the test gives itself. */
const started = () => {
  const questions: Question[] = [];
  const shown: Own<number>[] = [];
  const own = new OwnFigures<number>(
    (filter, signal) =>
      new Promise((answer, fail) => {
        questions.push({ filter, signal, answer, fail });
      }),
    (figures) => shown.push(figures),
  );
  const question = (index: number): Question => {
    const found = questions[index];
    assert.ok(found);
    return found;
  };
  return { own, shown, question };
};

test("an answer is not shown once another filter is asked for, and its question is given up", async () => {
  const { own, shown, question } = started();
  const asked = [own.ask("a"), own.ask("b")];
  assert.deepEqual([question(0).signal.aborted, question(1).signal.aborted], [true, false]);
  question(1).answer(2);
  question(0).answer(1);
  await Promise.all(asked);
  assert.deepEqual(shown, [{ filter: "b", snapshot: 2 }]);
});

test("of two answers to a filter the one that was asked for later stays", async () => {
  const { own, shown, question } = started();
  const asked = [own.ask("a"), own.ask("a")];
  question(1).answer(2);
  await asked[1];
  question(0).answer(1);
  await asked[0];
  assert.deepEqual(
    shown.map(({ snapshot }) => snapshot),
    [2],
  );
});

test("a late failure takes nothing away, and the latest one leaves nothing", async () => {
  const { own, shown, question } = started();
  const asked = [own.ask("a"), own.ask("a")];
  question(1).answer(2);
  await asked[1];
  question(0).fail(new Error("late"));
  await asked[0];
  assert.deepEqual(shown, [{ filter: "a", snapshot: 2 }]);
  const again = own.ask("a");
  question(2).fail(new Error("gone"));
  await again;
  assert.deepEqual(shown.at(-1), { filter: "a", snapshot: null });
});

test("what was forgotten is not shown, and may be asked for again", async () => {
  const { own, shown, question } = started();
  const first = own.ask("a");
  own.forget();
  question(0).fail(new Error("aborted"));
  await first;
  assert.deepEqual(shown, []);
  const second = own.ask("a");
  question(1).answer(1);
  await second;
  assert.deepEqual(shown, [{ filter: "a", snapshot: 1 }]);
});
