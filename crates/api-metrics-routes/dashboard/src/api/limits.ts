// Queries and writes of limits, quotas and API keys.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { View } from "../view/view";
import { call, urlOf } from "./client";
import { pages } from "./queries";
import type { ApiKey, ApiKeyBody, ApiKeyPatch, Headroom, HeadroomPage, WhatIf } from "./types";

/** Limits and quotas, whoever hits theirs first at the front. */
export const useHeadroom = (view: View) =>
  useQuery({
    queryKey: ["headroom"],
    queryFn: ({ signal }) => pages<Headroom, HeadroomPage>("api-metrics/limits", {}, signal, 10),
    // Limits count per minute, so their usage changes within seconds.
    refetchInterval: view.refresh === "off" ? false : 5_000,
    placeholderData: keepPreviousData,
  });

/** What bounds would have done to the last 24 hours of a key. */
export const useWhatIf = (id: number, bounds: Readonly<Record<string, string>>, enabled: boolean) =>
  useQuery({
    enabled,
    queryKey: ["what-if", id, bounds],
    queryFn: ({ signal }) => call<WhatIf>(urlOf(`api-metrics/limits/${id}/what-if`, bounds), { signal }),
    staleTime: 30_000,
    placeholderData: keepPreviousData,
  });

/** What shows keys, or follows from them. */
const SHOWN = ["headroom", "what-if", "rate-limits", "quotas", "api-keys", "keys", "billing", "bill", "audit"];

/** Writes to API keys. Queries that show them are refetched afterwards. */
export const useKeyWrites = () => {
  const client = useQueryClient();
  const onSettled = async () => {
    await Promise.all(SHOWN.map((key) => client.invalidateQueries({ queryKey: [key] })));
  };
  return {
    create: useMutation({
      mutationFn: (body: ApiKeyBody) => call<ApiKey>("api-keys", { method: "POST", body }),
      onSettled,
    }),
    change: useMutation({
      mutationFn: ({ id, change }: { id: number; change: ApiKeyPatch }) =>
        call<ApiKey>(`api-keys/${id}`, { method: "PATCH", body: change }),
      onSettled,
    }),
  };
};
