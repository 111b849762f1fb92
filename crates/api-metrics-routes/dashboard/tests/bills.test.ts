import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bill, InvoiceAnswer, PricePlan } from "../src/api/types";
import { joined } from "../src/billing/joined";
import { draftOf, EMPTY_PLAN, planBody, wrongTiers, wrongUnits } from "../src/billing/plan";
import { stepsOf } from "../src/billing/steps";
import { pricedBy, range, sum, why } from "../src/billing/why";

const plan: PricePlan = {
  id: 1,
  tenantId: null,
  name: "pro",
  currency: "EUR",
  effectiveFrom: "2026-05-01",
  freeRequests: 100,
  tiers: [
    { fromRequests: 0, perThousand: "1" },
    { fromRequests: 1_000, perThousand: "0.5" },
  ],
  units: [],
};

const bill = (before: Partial<NonNullable<Bill["before"]>> | null, more: Partial<Bill> = {}): Bill =>
  ({
    closed: false,
    projection: [],
    projectionWeeks: 0,
    before: before && {
      month: "2026-04-01",
      days: 17,
      requests: 3_000,
      requestsBefore: 1_000,
      cost: [{ amount: "5.3", currency: "EUR" }],
      costBefore: [{ amount: "1", currency: "EUR" }],
      byUsage: "2",
      byPrices: "2.3",
      ...before,
    },
    ...more,
  }) as Bill;

const plain = (text: string): string => text.replaceAll("\u00a0", " ");

test("decimals add up without a double", () => {
  assert.equal(sum("0.1", "0.2"), "0.3");
  assert.equal(sum("2", "2.3"), "4.3");
  assert.equal(sum("-5", "2.00000000001"), "-2.99999999999");
  assert.equal(sum("1.5", "-1.5"), "0");
  assert.equal(sum("123456789012345678", "0.00000000001"), "123456789012345678.00000000001");
});

test("a bill says how much more it is, by usage and by prices", () => {
  const text = (before: Partial<NonNullable<Bill["before"]>> | null, more: Partial<Bill> = {}) =>
    plain(why(bill(before, more)).join(" "));
  assert.equal(
    text({}),
    "It costs EUR 4.30 more than the first 17 days of April 2026: EUR 2.00 more by 2,000 more requests, " +
      "EUR 2.30 more by other prices.",
  );
  assert.equal(
    text({ byUsage: "-5", byPrices: "0", requestsBefore: 8_000, days: 30 }, { closed: true }),
    "It costs EUR 5.00 less than April 2026: EUR 5.00 less by 5,000 fewer requests, at the same prices.",
  );
  assert.match(text({ byUsage: "0", byPrices: "0" }), /^It costs the same/);
  assert.match(text({ byUsage: null, byPrices: null }), /amounts of two currencies have no difference/);
  assert.match(text(null), /nothing to compare/);
});

test("a projection has its range, and says what it is made of", () => {
  const euros = (amount: string) => ({ amount, currency: "EUR" });
  const projection = [{ cost: euros("9.6"), low: euros("6.3"), high: euros("10.8") }];
  assert.equal(
    plain(range(bill(null, { projection, projectionWeeks: 4 })) ?? ""),
    "Between EUR 6.30 and EUR 10.80, if the rest goes like the cheapest or the dearest of the last 4 weeks.",
  );
  assert.match(range(bill(null, { projection, projectionWeeks: 0 })) ?? "", /is not known/);
  assert.equal(range(bill(null)), null);
});

test("a plan is drawn in steps: what is free, then its tiers", () => {
  assert.deepEqual(
    stepsOf(plan, 3_000).map(({ from, to, price }) => [from, to, price]),
    [
      [0, 100, 0],
      [100, 1_000, 1],
      [1_000, 3_000, 0.5],
    ],
  );
  // An allowance beyond a tier swallows it.
  assert.deepEqual(
    stepsOf({ ...plan, freeRequests: 2_000 }, 3_000).map(({ from, to, price }) => [from, to, price]),
    [
      [0, 2_000, 0],
      [2_000, 3_000, 0.5],
    ],
  );
});

test("each plan has priced the positions of its own days", () => {
  const day = (date: string, requests: number, position: number) => ({ date, requests, position });
  const days = [day("2026-05-03", 40, 40), day("2026-05-09", 60, 100), day("2026-05-20", 50, 150)];
  const plans = ["2026-05-01", "2026-05-10", "2026-05-30"].map((firstDay) => ({ firstDay, plan }));
  const found = pricedBy({ days, plans } as unknown as Bill);
  assert.deepEqual(
    found.map(({ firstDay, priced }) => [firstDay, priced.from, priced.to]),
    [
      ["2026-05-01", 0, 100],
      ["2026-05-10", 100, 150],
    ],
  );
});

test("a plan is typed a tier a line, and wrong lines are named", () => {
  assert.equal(wrongTiers("0 0.02\n250,000: 0.01"), null);
  for (const text of ["", "1 0.02", "0 x", "0 1\n0 2", "0 1 2", "0 0.000000001"])
    assert.notEqual(wrongTiers(text), null);
  assert.equal(wrongUnits(""), null);
  assert.equal(wrongUnits("tokens 100,000 0.002"), null);
  assert.notEqual(wrongUnits("tokens 0.002"), null);
  const draft = {
    ...EMPTY_PLAN,
    name: " pro ",
    currency: "eur",
    free: "1,000",
    tiers: "0 1\n1000 0.5",
    units: "t 5 2",
  };
  assert.deepEqual(planBody(draft), {
    name: "pro",
    currency: "EUR",
    freeRequests: 1_000,
    tiers: [
      { fromRequests: 0, perThousand: "1" },
      { fromRequests: 1_000, perThousand: "0.5" },
    ],
    units: [{ unit: "t", free: 5, perThousand: "2" }],
  });
  assert.equal(draftOf(plan).tiers, "0 1\n1000 0.5");
});

test("pages of an invoice are one list, with the totals of the last page", () => {
  const page = (lines: number[], total: string): InvoiceAnswer =>
    ({
      data: [{ currency: "EUR", total, lines: lines.map((quantity) => ({ quantity })) }],
    }) as unknown as InvoiceAnswer;
  const [invoice] = joined([page([1, 2], "3"), page([3], "4")]);
  assert.deepEqual(
    invoice?.lines.map((line) => line.quantity),
    [1, 2, 3],
  );
  assert.equal(invoice?.total, "4");
  assert.deepEqual(joined([]), []);
});
