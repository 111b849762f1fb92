// Searching and sorting of a table's rows.

export type SortKey = number | string | null | undefined;

const INSTANT = /^\d{4}-\d\d-\d\dT/;

// Texts of instants don't sort as texts: `…47Z` stands after `…47.5Z`.
const order = (a: number | string | null, b: number | string | null): number => {
  if (typeof a === "string" && typeof b === "string") {
    return INSTANT.test(a) && INSTANT.test(b)
      ? Date.parse(a) - Date.parse(b)
      : a.localeCompare(b, "en", { numeric: true });
  }
  return Number(a) - Number(b);
};

/** Rows whose text contains `search`, ignoring case. Without a `text` function every search finds nothing. */
export const searchRows = <Row>(rows: readonly Row[], search: string, text?: (row: Row) => string): Row[] => {
  const wanted = search.trim().toLowerCase();
  return rows.filter((row) => wanted === "" || (text?.(row) ?? "").toLowerCase().includes(wanted));
};

/** Sorted by `key`. Rows without a value come last in both directions. */
export const sortRows = <Row>(rows: readonly Row[], key: (row: Row) => SortKey, down: boolean): Row[] =>
  rows
    .map((row) => ({ row, value: key(row) ?? null }))
    .sort((a, b) => {
      if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null);
      return (down ? -1 : 1) * order(a.value, b.value);
    })
    .map(({ row }) => row);
