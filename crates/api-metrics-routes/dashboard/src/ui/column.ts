// A column of a table: what its cells show, and by what it is sorted and exported.
import type { ReactNode } from "react";
import type { SortKey } from "./rows";

export interface Column<Row> {
  id: string;
  head: string;
  cell: (row: Row) => ReactNode;
  /** The sort key; a column without one does not sort. */
  by?: (row: Row) => SortKey;
  number?: boolean;
  /** Hidden on narrow screens: 3 first, then 2, then 1. */
  wide?: 1 | 2 | 3;
  title?: string;
  /** What an export says where the sort key does not say it, such as a name instead of a rank. */
  plain?: (row: Row) => SortKey;
}
