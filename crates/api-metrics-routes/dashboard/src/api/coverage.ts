// What the services' OpenAPI documents offer, beside what is called.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { slowInterval, type View, viewParams } from "../view/view";
import { call, urlOf } from "./client";
import type { Coverage } from "./types";

export const useCoverage = (view: View) => {
  const params = viewParams(view);
  return useQuery({
    queryKey: ["coverage", params],
    queryFn: ({ signal }) => call<Coverage>(urlOf("api-metrics/coverage", params), { signal }),
    refetchInterval: slowInterval(view),
    retry: false,
    placeholderData: keepPreviousData,
  });
};
