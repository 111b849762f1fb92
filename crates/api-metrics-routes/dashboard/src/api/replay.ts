// What a request carried, and the request once more. Only admins are answered.
import { useMutation, useQuery } from "@tanstack/react-query";
import { call } from "./client";
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Pair = Schemas["SnapshotPair"];
export type SnapshotBody = Schemas["SnapshotBody"];
export type SnapshotMessage = Schemas["SnapshotMessage"];
export type Difference = Schemas["ReplayDifference"];
export type ReplayInput = Schemas["ReplayInput"];
export type SnapshotAnswer = Schemas["RequestSnapshotAnswer"];
export type ReplayAnswer = Schemas["ReplayAnswer"];
export type ReplayValue = Schemas["ReplayValue"];

const pathOf = (id: string) => `api-requests/${encodeURIComponent(id)}`;

export const useSnapshot = (id: string, enabled: boolean) =>
  useQuery({
    enabled,
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
