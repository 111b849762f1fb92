import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { isFree } from "../src/api/leader";
import { mayOf } from "../src/api/session";
import { menuOf, PAGES, pageOf } from "../src/app/pages";
import { sortOf } from "../src/ui/Table";

test("a lease is free where nobody has it, where its time is over, and to whom it belongs", () => {
  const lease = (id: string, until: number) => JSON.stringify({ id, until });
  assert.equal(isFree(null, "a", 1_000), true);
  assert.equal(isFree(lease("b", 3_000), "a", 1_000), false);
  assert.equal(isFree(lease("a", 3_000), "a", 1_000), true);
  assert.equal(isFree(lease("b", 1_000), "a", 1_000), true);
  assert.equal(isFree(lease("b", 9_000_000), "a", 1_000), true, "a clock that was wrong");
  assert.equal(isFree("no lease", "a", 1_000), true);
});

test("nothing that could be refused is offered before the role is known", () => {
  assert.deepEqual(mayOf(undefined), { role: undefined, write: false, operate: false, onlyKey: null });
  assert.deepEqual(menuOf(undefined), []);
});

test("roles may do what the API lets them", () => {
  const may = (role: "admin" | "manager" | "developer" | "viewer") => {
    const { write, operate } = mayOf({ role, apiKeyIds: null });
    return [write, operate];
  };
  assert.deepEqual(may("admin"), [true, true]);
  assert.deepEqual(may("manager"), [true, false]);
  assert.deepEqual(may("developer"), [false, false]);
  assert.deepEqual(may("viewer"), [false, false]);
  assert.equal(mayOf({ role: "viewer", apiKeyIds: [7] }).onlyKey, 7);
  assert.equal(mayOf({ role: "viewer", apiKeyIds: [7, 8] }).onlyKey, null);
});

test("the menu follows the role", () => {
  const ids = (role: "admin" | "manager" | "viewer") => menuOf(role).map(({ id }) => id);
  assert.deepEqual(ids("viewer"), ["overview", "endpoints", "requests", "account", "billing"]);
  for (const id of ["jobs", "ingest", "status"]) {
    assert.ok(ids("admin").includes(id));
    assert.ok(!ids("manager").includes(id));
  }
  assert.equal(new Set(PAGES.map(({ id }) => id)).size, PAGES.length);
  assert.equal(pageOf("incident/7").id, "incident");
});

test("an order in the address is taken where there is such a column, and else the table's own", () => {
  const columns = [{ id: "name", by: () => 0 }, { id: "p95", by: () => 0 }, { id: "trend" }];
  const start = { id: "name", down: false };
  assert.deepEqual(sortOf("-p95", columns, start), { id: "p95", down: true });
  assert.deepEqual(sortOf("p95", columns, start), { id: "p95", down: false });
  for (const wrong of [undefined, "", "-", "trend", "nothing", "--p95"])
    assert.deepEqual(sortOf(wrong, columns, start), start);
});
