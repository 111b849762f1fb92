// Pages of an invoice as one list.
import type { InvoiceAnswer } from "../api/types";

/** The pages so far as one: lines one after the other, and the totals of the last one. */
export const joined = (pages: readonly InvoiceAnswer[]): InvoiceAnswer["data"] =>
  (pages.at(-1)?.data ?? []).map((invoice) => ({
    ...invoice,
    lines: pages.flatMap((page) => page.data.find((each) => each.currency === invoice.currency)?.lines ?? []),
  }));
