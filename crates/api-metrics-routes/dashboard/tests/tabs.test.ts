import "./browser";
import assert from "node:assert/strict";
import { test } from "node:test";
import { QueryClient } from "@tanstack/react-query";
import { isFree } from "../src/api/leader";
import { forgetOthers, identityOf, mayOf } from "../src/api/session";
import { nameOf } from "../src/api/stream";
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

const ADA = { subject: "ada", role: "manager", tenantId: "acme", apiKeyIds: null } as const;

test("tabs share a stream with the same user of the same admin alone", () => {
  const others = [
    { ...ADA, subject: "bob" },
    { ...ADA, role: "developer" as const },
    { ...ADA, tenantId: null },
    { ...ADA, role: "viewer" as const, apiKeyIds: [7] },
    { ...ADA, role: "viewer" as const, apiKeyIds: [8] },
  ];
  const names = [ADA, ...others].map((who) => nameOf("/admin/", identityOf(who)));
  assert.equal(new Set(names).size, names.length);
  assert.equal(nameOf("/admin", identityOf({ ...ADA })), names[0]);
  assert.notEqual(nameOf("/other/", identityOf(ADA)), names[0]);
});

test("what was read for one user is forgotten when the tab is another one's", () => {
  const client = new QueryClient();
  client.setQueryData(["summary"], { totalRequests: 1 });
  forgetOthers(client, ADA);
  client.setQueryData(["session"], ADA);
  forgetOthers(client, { ...ADA });
  assert.deepEqual(client.getQueryData(["summary"]), { totalRequests: 1 });
  forgetOthers(client, { ...ADA, subject: "bob" });
  assert.equal(client.getQueryData(["summary"]), undefined);
  assert.deepEqual(client.getQueryData(["session"]), ADA, "it is replaced by the answer");
  client.clear();
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
