// Queries and writes of ingest: tokens of writers, and items that were refused.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { refetchInterval, type View } from "../view/view";
import { call } from "./client";
import { pages } from "./queries";
import type {
  DeadLetter,
  DeadLetterPage,
  IngestToken,
  IngestTokenBody,
  IngestTokenList,
  NewIngestToken,
} from "./types";

export const useIngestTokens = (view: View) =>
  useQuery({
    queryKey: ["ingest-tokens"],
    queryFn: ({ signal }) => call<IngestTokenList>("ingest-tokens", { signal }),
    refetchInterval: refetchInterval(view),
    retry: false,
    placeholderData: keepPreviousData,
  });

export const useDeadLetters = (view: View, maxPages: number) =>
  useQuery({
    queryKey: ["dead-letters", maxPages],
    queryFn: ({ signal }) => pages<DeadLetter, DeadLetterPage>("ingest-dead-letters", {}, signal, maxPages, "100"),
    refetchInterval: refetchInterval(view),
    retry: false,
    placeholderData: keepPreviousData,
  });

/** Writes to tokens and refused items. What shows them is fetched again afterwards. */
export const useIngestWrites = () => {
  const client = useQueryClient();
  const onSettled = async () => {
    await Promise.all(["ingest-tokens", "dead-letters"].map((key) => client.invalidateQueries({ queryKey: [key] })));
  };
  return {
    create: useMutation({
      mutationFn: (body: IngestTokenBody) => call<NewIngestToken>("ingest-tokens", { method: "POST", body }),
      onSettled,
    }),
    revoke: useMutation({
      mutationFn: (id: number) => call<IngestToken>(`ingest-tokens/${id}`, { method: "DELETE" }),
      onSettled,
    }),
    retry: useMutation({
      mutationFn: (id: number) => call(`ingest-dead-letters/${id}/retry`, { method: "POST" }),
      onSettled,
    }),
    discard: useMutation({
      mutationFn: (id: number) => call(`ingest-dead-letters/${id}`, { method: "DELETE" }),
      onSettled,
    }),
  };
};
