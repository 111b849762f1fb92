// Usage and cost, from the API's decimal strings to charts and tables.

import type { BillingPage, KeyUsage } from "../api/types";
import type { TimeChartModel } from "../charts/model";
import { slotsOf } from "../charts/periods";
import { LOCALE } from "../format/locale";
import * as number from "../format/number";

type Amounts = readonly { amount: string; currency: string }[];

export const amountIn = (amounts: Amounts, currency: string): string | null =>
  amounts.find((each) => each.currency === currency)?.amount ?? null;

/** The amount as a double, for bar lengths and sorting. Amounts on display use the decimal string. */
export const roughly = (amounts: Amounts, currency: string): number => Number(amountIn(amounts, currency) ?? 0);

/** The currencies of a month, the one with the most consumers first. */
export const currenciesOf = (page: BillingPage): string[] => {
  const keys = new Map<string, number>();
  for (const row of page.data) for (const { currency } of row.cost) keys.set(currency, (keys.get(currency) ?? 0) + 1);
  for (const { currency } of page.total.cost) if (!keys.has(currency)) keys.set(currency, 0);
  return [...keys].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).map(([currency]) => currency);
};

/** A bar chart of daily cost. Days are in UTC, like billing itself. */
export const byDay = (page: BillingPage, currency: string, days = page.total.days): TimeChartModel => {
  const asOf = Date.parse(page.asOf);
  const whole = slotsOf(page.axis);
  // Days that are to come have no bar.
  const shown = whole.starts.filter((start) => start <= asOf).length;
  const slots = {
    ...whole,
    starts: whole.starts.slice(0, shown),
    walls: whole.walls.slice(0, shown),
    end: whole.starts[shown] ?? whole.end,
  };
  const { starts } = slots;
  const allCurrencies = days === page.total.days && page.total.cost.length > 1;
  const found = new Map(days.map((day) => [Date.parse(day.date), day]));
  return {
    slots,
    running: asOf < slots.end,
    series: [
      {
        id: "cost",
        name: `Cost (${currency})`,
        colour: "keys",
        kind: "bar",
        values: starts.map((start) => roughly(found.get(start)?.cost ?? [], currency)),
      },
    ],
    short: (value) => number.money(value, currency, 4),
    exact: (value) => number.money(value, currency, 6),
    unit: "money",
    note: (index) => {
      const requests = number.count(found.get(starts[index] ?? 0)?.requests ?? 0);
      return `${requests} requests${allCurrencies ? " in all currencies" : ""}`;
    },
  };
};

/** Daily cost of one consumer, for a sparkline. */
export const spark = (page: BillingPage, row: KeyUsage, currency: string): number[] =>
  byDay(page, currency, row.days).series[0]?.values.map((value) => value ?? 0) ?? [];

const month = (date: Date): string => date.toISOString().slice(0, 7);

/** The current month and those before it as `YYYY-MM`, the latest first. */
export const months = (now: number, many: number): string[] => {
  const first = new Date(now);
  return Array.from({ length: many }, (_, n) =>
    month(new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() - n, 1))),
  );
};

export const monthName = (text: string): string =>
  new Intl.DateTimeFormat(LOCALE, { month: "long", year: "numeric", timeZone: "UTC" }).format(
    Date.parse(`${text}-01T00:00:00Z`),
  );
