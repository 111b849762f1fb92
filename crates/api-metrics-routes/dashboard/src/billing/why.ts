// Why a bill is what it is, in words.
import type { Bill } from "../api/types";
import * as number from "../format/number";
import { monthName } from "./costs";

/** An amount without its sign. */
const unsigned = (amount: string): string => amount.replace(/^-/, "");

const isZero = (amount: string): boolean => !/[1-9]/.test(amount);

/** The change of requests, such as "41,000 more requests". */
const requests = (now: number, before: number): string =>
  now === before
    ? "the same number of requests"
    : `${number.plural(Math.abs(now - before), `${now > before ? "more" : "fewer"} request`)}`;

/** The sum of two decimals, exactly: amounts have at most eleven decimals. */
export const sum = (a: string, b: string): string => {
  const scale = 12;
  const units = (text: string): bigint => {
    const [whole = "0", part = ""] = unsigned(text).split(".");
    const value = BigInt(whole + part.padEnd(scale, "0").slice(0, scale));
    return text.startsWith("-") ? -value : value;
  };
  const total = units(a) + units(b);
  const digits = (total < 0n ? -total : total).toString().padStart(scale + 1, "0");
  const decimal = `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, "");
  return total < 0n ? `-${decimal}` : decimal;
};

/** Sentences that compare the month with the one before. */
export const why = (bill: Bill): string[] => {
  const { before } = bill;
  if (!before) return ["No day of this month is over yet: there is nothing to compare."];
  const month = monthName(before.month.slice(0, 7));
  const days = before.days === 1 ? `the first day of ${month}` : `the first ${before.days} days of ${month}`;
  const against = bill.closed ? month : days;
  if (before.byUsage == null || before.byPrices == null)
    return [
      `The month is billed in other currencies than ${against}: amounts of two currencies have no difference.`,
      `It has ${requests(before.requests, before.requestsBefore)}.`,
    ];
  const currency = before.cost[0]?.currency ?? before.costBefore[0]?.currency;
  if (currency === undefined) return [`Nothing was charged, in this month or in ${against}.`];
  const total = sum(before.byUsage, before.byPrices);
  const money = (amount: string) => number.money(unsigned(amount), currency);
  if (isZero(total) && isZero(before.byUsage)) return [`It costs the same as ${against}.`];
  const direction = (amount: string) => (amount.startsWith("-") ? "less" : "more");
  return [
    isZero(total)
      ? `It costs the same as ${against}:`
      : `It costs ${money(total)} ${direction(total)} than ${against}:`,
    `${money(before.byUsage)} ${direction(before.byUsage)} by ${requests(before.requests, before.requestsBefore)},`,
    isZero(before.byPrices)
      ? "at the same prices."
      : `${money(before.byPrices)} ${direction(before.byPrices)} by other prices.`,
  ];
};

/** The projection and its range, in a sentence. */
export const range = (bill: Bill): string | null => {
  const [projected] = bill.projection;
  if (!projected || bill.projection.length > 1) return null;
  const { currency } = projected.cost;
  if (bill.projectionWeeks === 0)
    return "How far off it may be is not known: this key has sent for less than a week.";
  const weeks = bill.projectionWeeks === 1 ? "the last week" : `the last ${bill.projectionWeeks} weeks`;
  return (
    `Between ${number.money(projected.low.amount, currency)} and ${number.money(projected.high.amount, currency)}, ` +
    `if the rest goes like the cheapest or the dearest of ${weeks}.`
  );
};

/** The plans that priced any of the month's requests, with the positions that each of them did. */
export const pricedBy = (bill: Bill): (Bill["plans"][number] & { priced: { from: number; to: number } })[] =>
  bill.plans.flatMap((each, n) => {
    const until = bill.plans[n + 1]?.firstDay ?? "9999";
    const days = bill.days.filter((day) => day.date >= each.firstDay && day.date < until);
    const [first, last] = [days[0], days.at(-1)];
    return first && last ? [{ ...each, priced: { from: first.position - first.requests, to: last.position } }] : [];
  });
