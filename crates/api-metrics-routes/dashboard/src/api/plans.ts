// Queries and writes of price plans, bills and invoices.
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { slowInterval, type View } from "../view/view";
import { call, urlOf } from "./client";
import { pages } from "./queries";
import type { Bill, InvoiceAnswer, PricePlan, PricePlanBody, PricePlanPage } from "./types";

/** Versions of plans, the default of keys without one first. */
export const usePlans = (enabled = true) =>
  useQuery({
    enabled,
    queryKey: ["price-plans"],
    queryFn: ({ signal }) => pages<PricePlan, PricePlanPage>("api-price-plans", {}, signal, 5),
    staleTime: 60_000,
    retry: false,
  });

export const usePlanWrites = () => {
  const client = useQueryClient();
  const onSettled = async () => {
    await Promise.all(
      ["price-plans", "billing", "bill", "invoice", "audit"].map((key) =>
        client.invalidateQueries({ queryKey: [key] }),
      ),
    );
  };
  return {
    create: useMutation({
      mutationFn: (body: PricePlanBody) => call<PricePlan>("api-price-plans", { method: "POST", body }),
      onSettled,
    }),
  };
};

/** Why a key's bill is what it is. */
export const useBill = (view: View, id: string, month: string | undefined) =>
  useQuery({
    queryKey: ["bill", id, month],
    queryFn: ({ signal }) =>
      call<Bill>(urlOf(`api-metrics/billing/keys/${encodeURIComponent(id)}`, month === undefined ? {} : { month }), {
        signal,
      }),
    // Without the bill of another consumer or month meanwhile: its name would stand above it.
    refetchInterval: slowInterval(view),
  });

export interface InvoiceParams {
  month?: string | undefined;
  apiKeyId?: string;
}

const paramsOf = ({ month, apiKeyId }: InvoiceParams): Record<string, string> => ({
  ...(month === undefined ? {} : { month }),
  ...(apiKeyId === undefined ? {} : { apiKeyId }),
});

/** Lines of an invoice that come at once. */
const LINES = "100";

/** A month's invoices, by pages of lines; every page has the totals of all. */
export const useInvoice = (view: View, params: InvoiceParams) =>
  useInfiniteQuery({
    queryKey: ["invoice", params],
    queryFn: ({ pageParam, signal }) =>
      call<InvoiceAnswer>(
        urlOf("api-metrics/billing/invoice", {
          ...paramsOf(params),
          limit: LINES,
          ...(pageParam === "" ? {} : { cursor: pageParam }),
        }),
        { signal },
      ),
    initialPageParam: "",
    getNextPageParam: (last: InvoiceAnswer) => last.nextCursor ?? undefined,
    refetchInterval: slowInterval(view),
    placeholderData: keepPreviousData,
  });

export const invoiceCsv = (params: InvoiceParams): string =>
  urlOf("api-metrics/billing/invoice", { ...paramsOf(params), format: "csv" });

/** A month's invoices with all of their lines. */
export const wholeInvoice = async (params: InvoiceParams): Promise<InvoiceAnswer> => {
  const ask = (cursor: string) =>
    call<InvoiceAnswer>(
      urlOf("api-metrics/billing/invoice", {
        ...paramsOf(params),
        limit: "1000",
        ...(cursor === "" ? {} : { cursor }),
      }),
    );
  let page = await ask("");
  const all = page;
  while (page.nextCursor) {
    page = await ask(page.nextCursor);
    for (const invoice of all.data) {
      const more = page.data.find((each) => each.currency === invoice.currency);
      invoice.lines.push(...(more?.lines ?? []));
    }
  }
  return { ...all, nextCursor: null };
};
