import { LOCALE } from "./locale";

const plain = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: 0 });
const significant = new Intl.NumberFormat(LOCALE, { maximumSignificantDigits: 3 });

/** Thousands and millions by the letters of the page's language, with the digits of the user's. */
const SHORT = ["", "K", "M", "B", "T"];

const short = (n: number): string => {
  let power = 0;
  let size = n;
  while (Math.abs(+size.toPrecision(3)) >= 1_000 && power < SHORT.length - 1) {
    size /= 1_000;
    power += 1;
  }
  return significant.format(size) + SHORT[power];
};

const fixedFormats = new Map<number, Intl.NumberFormat>();

/** With exactly so many decimals, without groups. */
export const fixed = (value: number, digits: number): string => {
  let found = fixedFormats.get(digits);
  if (!found) {
    found = new Intl.NumberFormat(LOCALE, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      useGrouping: false,
    });
    fixedFormats.set(digits, found);
  }
  return found.format(value);
};

const freeFormats = new Map<number, Intl.NumberFormat>();

/** With at most so many decimals, for round values of an axis. */
const atMost = (value: number, digits: number): string => {
  let found = freeFormats.get(digits);
  if (!found) {
    found = new Intl.NumberFormat(LOCALE, { maximumFractionDigits: digits, useGrouping: false });
    freeFormats.set(digits, found);
  }
  return found.format(value);
};

/** Shown for a missing value, which is not zero. */
export const NONE = "–";

export const count = (n: number | null | undefined): string => (n == null ? NONE : plain.format(n));

/** A value that is no count, such as a mean score. */
export const decimal = (value: number | null | undefined): string =>
  value == null ? NONE : value.toLocaleString(LOCALE, { maximumFractionDigits: Math.abs(value) < 100 ? 3 : 1 });

/** A count with its noun, such as "1 request". */
export const plural = (n: number, one: string, many = `${one}s`): string => `${count(n)} ${n === 1 ? one : many}`;

/** Exact below 100,000, three significant digits above. */
export const compact = (n: number | null | undefined): string =>
  n == null ? NONE : Math.abs(n) < 100_000 ? plain.format(n) : short(n);

export const percent = (value: number | null | undefined): string => {
  if (value == null) return NONE;
  if (value === 0) return "0%";
  if (Math.abs(value) < 0.01) return `<${fixed(0.01, 2)}%`;
  return `${fixed(value, Math.abs(value) < 10 ? 2 : 1)}%`;
};

export const ms = (value: number | null | undefined): string => {
  if (value == null) return NONE;
  if (value < 1) return `${fixed(value * 1000, 0)} µs`;
  if (value < 10) return `${fixed(value, 1)} ms`;
  if (value < 999.5) return `${fixed(value, 0)} ms`;
  if (value < 59_950) return `${fixed(value / 1000, value < 9_995 ? 2 : 1)} s`;
  return `${fixed(value / 60_000, 1)} min`;
};

/** With all three decimals of the API, for tooltips and tables. */
export const exactMs = (value: number | null | undefined): string =>
  value == null ? NONE : `${value.toLocaleString(LOCALE, { minimumFractionDigits: 1, maximumFractionDigits: 3 })} ms`;

/** An axis label. Axis values are round, so it has no more digits than needed. */
export const axisMs = (value: number): string => {
  if (value === 0) return "0";
  return value < 1
    ? `${atMost(value * 1000, 0)} µs`
    : value < 1000
      ? `${atMost(value, 1)} ms`
      : value < 60_000
        ? `${atMost(value / 1000, 2)} s`
        : `${atMost(value / 60_000, 1)} min`;
};

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export const bytes = (value: number | null | undefined): string => {
  if (value == null) return NONE;
  let size = value;
  let unit = 0;
  while (size >= 1023.5 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${fixed(size, unit === 0 || size >= 99.95 ? 0 : size < 9.995 ? 2 : 1)} ${UNITS[unit]}`;
};

/** An axis label in binary units. */
export const axisBytes = (value: number): string => {
  if (value === 0) return "0";
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log(value) / Math.log(1024) + 1e-9));
  return `${atMost(value / 1024 ** unit, 1)} ${UNITS[unit]}`;
};

export const exactBytes = (value: number | null | undefined): string =>
  value == null ? NONE : `${bytes(value)} (${plain.format(value)} B)`;

export const perSecond = (value: number | null | undefined): string => {
  if (value == null) return NONE;
  return `${value < 10 ? fixed(value, 1) : plain.format(value)}/s`;
};

export const signed = (value: number, digits: number, unit: string): string =>
  `${value > 0 ? "+" : value < 0 ? "−" : "±"}${fixed(Math.abs(value), digits)}${unit}`;

export const age = (seconds: number): string => {
  if (seconds < 60) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
};

export const axisPercent = (value: number): string => `${atMost(value, 2)}%`;

/** An axis label with three significant digits, for cents and thousands alike. */
export const axisMoney = (value: number): string => (value >= 1000 ? compact(value) : `${+value.toPrecision(3)}`);

const currencies = new Map<string, Intl.NumberFormat>();

const currency = (code: string, digits: number): Intl.NumberFormat => {
  const key = `${code} ${digits}`;
  let found = currencies.get(key);
  if (!found) {
    found = new Intl.NumberFormat(LOCALE, {
      style: "currency",
      currency: code,
      currencyDisplay: "code", // Four stand below each other in a table; ten are all there are.
      minimumFractionDigits: digits > 4 ? 2 : digits,
      maximumFractionDigits: digits,
    });
    currencies.set(key, found);
  }
  return found;
};

/** An amount rounded for display. The API's decimal strings are formatted without going through a double,
 * which would lose their last digits. */
export const money = (amount: string | number | null | undefined, code: string, digits = 2): string => {
  if (amount == null) return NONE;
  return currency(code, digits).format(amount as Intl.StringNumericLiteral);
};

/** An amount with all its digits, ten decimals at most. */
export const exactMoney = (amount: string | null | undefined, code: string): string => money(amount, code, 10);
