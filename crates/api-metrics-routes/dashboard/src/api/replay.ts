// What a request carried, and the request once more. Only admins are answered.
import { useMutation, useQuery } from "@tanstack/react-query";
import { call } from "./client";

export type Pair = { name: string; value: string };

export type SnapshotBody = {
  contentType: string;
  kind: "json" | "form" | "text" | "not_kept";
  text?: string | null;
  fields?: Pair[] | null;
  isCut: boolean;
  isEncoded: boolean;
  bytes: number;
};

export type SnapshotMessage = { headers: Pair[]; body?: SnapshotBody | null };

export type ReplayInput = {
  part: "path" | "query" | "header" | "body";
  name: string;
  secret: boolean;
  required: boolean;
};

export type SnapshotAnswer = {
  snapshot?: {
    isDropped: boolean;
    query?: Pair[] | null;
    request: SnapshotMessage;
    response: SnapshotMessage;
  } | null;
  replay: { available: boolean; refused?: string | null; inputs: ReplayInput[] };
};

export type Difference = {
  path: string;
  change: "added" | "removed" | "changed";
  recorded?: string | null;
  replayed?: string | null;
};

type ReplayedResponse = { status?: number | null; message?: SnapshotMessage | null };

export type ReplayAnswer = {
  recorded: ReplayedResponse;
  replayed: ReplayedResponse;
  diff: {
    statusChanged: boolean;
    headers: Difference[];
    bodyCompared: boolean;
    bodyPartial: boolean;
    body: Difference[];
    bodyLeftOut: number;
  };
};

export type ReplayValue = { part: ReplayInput["part"]; name: string; value: string };

const pathOf = (id: string) => `api-requests/${encodeURIComponent(id)}`;

export const useSnapshot = (id: string) =>
  useQuery({
    queryKey: ["request-snapshot", id],
    queryFn: ({ signal }) => call<SnapshotAnswer>(`${pathOf(id)}/snapshot`, { signal, quiet: true }),
    staleTime: Number.POSITIVE_INFINITY,
    // Who is no admin stays so.
    retry: false,
    meta: { covers: false },
  });

export const useReplay = (id: string) =>
  useMutation({
    // Values are secrets: nothing of them is kept.
    gcTime: 0,
    mutationFn: (values: ReplayValue[]) =>
      call<ReplayAnswer>(`${pathOf(id)}/replay`, { method: "POST", body: { values } }),
  });
