import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, call, onSignedOut, signOut } from "../src/api/client";

/** Answers requests by their method for as long as `run` takes, and gives what listeners were told. */
const told = async (
  answers: Readonly<Record<string, number | Promise<number>>>,
  run: () => Promise<unknown>,
): Promise<boolean[]> => {
  const { fetch } = globalThis;
  const heard: boolean[] = [];
  const stop = onSignedOut((byChoice) => heard.push(byChoice));
  Object.assign(document, { cookie: "" });
  globalThis.fetch = async (_, { method = "GET" } = {}) =>
    new Response(null, { status: (await answers[method]) ?? 500 });
  try {
    await run();
  } finally {
    globalThis.fetch = fetch;
    stop();
  }
  return heard;
};

const refused = (error: unknown) => error instanceof ApiError && error.status === 401;

test("a session that ends is told from a user who signs out", async () => {
  assert.deepEqual(await told({ GET: 401 }, () => assert.rejects(call("session"), refused)), [false]);
  assert.deepEqual(await told({ DELETE: 204 }, signOut), [true]);
  assert.deepEqual(await told({ DELETE: 401 }, signOut), [true], "it was over already");
});

test("what is refused while a user signs out is by choice too, and afterwards no more", async () => {
  let ended = (_status: number) => {};
  const end = new Promise<number>((resolve) => {
    ended = resolve;
  });
  const both = async () => {
    const out = signOut();
    await assert.rejects(call("session"), refused);
    ended(204);
    await out;
  };
  assert.deepEqual(await told({ GET: 401, DELETE: end }, both), [true, true]);
  assert.deepEqual(await told({ GET: 401 }, () => assert.rejects(call("session"), refused)), [false]);
});

test("a user whose sign-out fails stays signed in", async () => {
  const failed = (error: unknown) => error instanceof ApiError && error.status === 503;
  assert.deepEqual(await told({ DELETE: 503 }, () => assert.rejects(signOut(), failed)), []);
});
