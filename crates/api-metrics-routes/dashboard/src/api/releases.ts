// Queries of releases: versions held against the one before, and side by side over time.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { slowInterval, type View } from "../view/view";
import { call, urlOf } from "./client";
import { pages } from "./queries";
import type { Release, ReleasePage, Rollout } from "./types";

/** The latest releases. A verdict is one of minutes, so it is asked for once a minute. */
export const useReleases = (view: View) => {
  const labels = {
    ...(view.service === null ? {} : { service: view.service }),
    ...(view.environment === null ? {} : { environment: view.environment }),
  };
  return useQuery({
    queryKey: ["releases", labels],
    queryFn: ({ signal }) => pages<Release, ReleasePage>("api-releases", labels, signal, 1, "50"),
    refetchInterval: slowInterval(view) === false ? false : 60_000,
    retry: false,
    placeholderData: keepPreviousData,
  });
};

/** What the versions of a service answered from `from` to `to`. */
export const useRollout = (view: View, of: Release, from: string, to: string) => {
  const params = { service: of.service, environment: of.environment, from, to };
  return useQuery({
    queryKey: ["rollout", params],
    queryFn: ({ signal }) => call<Rollout>(urlOf("api-releases/rollout", params), { signal }),
    refetchInterval: slowInterval(view) === false ? false : 60_000,
    placeholderData: keepPreviousData,
  });
};
