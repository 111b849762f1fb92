// Queries and writes of objectives.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { slowInterval, type View } from "../view/view";
import { call } from "./client";
import { pages } from "./queries";
import type { Objective, ObjectiveBody, ObjectivePage } from "./types";

/** All objectives, each with its budget as it is now. */
export const useObjectives = (view: View, enabled = true) =>
  useQuery({
    enabled,
    queryKey: ["objectives"],
    queryFn: ({ signal }) => pages<Objective, ObjectivePage>("api-objectives", {}, signal, 4, "50"),
    // A budget is one of days.
    refetchInterval: slowInterval(view) === false ? false : 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });

/** One objective, with each of its days. */
export const useObjective = (view: View, id: number) =>
  useQuery({
    queryKey: ["objective", id],
    queryFn: ({ signal }) => call<Objective>(`api-objectives/${id}`, { signal }),
    refetchInterval: slowInterval(view) === false ? false : 60_000,
    placeholderData: keepPreviousData,
  });

/** Writes to objectives. Their rules change with them. */
export const useObjectiveWrites = () => {
  const client = useQueryClient();
  const invalidate = (keys: readonly string[]) => async () => {
    await Promise.all(keys.map((key) => client.invalidateQueries({ queryKey: [key] })));
  };
  return {
    save: useMutation({
      mutationFn: ({ id, objective }: { id: number | null; objective: ObjectiveBody }) =>
        call<Objective>(id === null ? "api-objectives" : `api-objectives/${id}`, {
          method: id === null ? "POST" : "PUT",
          body: objective,
        }),
      onSettled: invalidate(["objectives", "objective", "alerts"]),
    }),
    // The one that is gone is not asked for again.
    remove: useMutation({
      mutationFn: (id: number) => call(`api-objectives/${id}`, { method: "DELETE" }),
      onSettled: invalidate(["objectives", "alerts"]),
    }),
  };
};
