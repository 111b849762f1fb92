// Queries of the log of requests.
import { keepPreviousData, useInfiniteQuery, useMutation, useQuery } from "@tanstack/react-query";
import { requestParams } from "../view/requests";
import { isOpen, labelParams, refetchInterval, slowInterval, type View } from "../view/view";
import { ApiError, call, urlOf } from "./client";
import { pages } from "./queries";
import type {
  CurlCommand,
  GroupPage,
  LoggedRequest,
  RequestCountries,
  RequestLogStatus,
  RequestPage,
  SearchAnswer,
} from "./types";

type Params = Readonly<Record<string, string | undefined>>;

/** Requests a page. */
const PAGE = "100";

/** Whether there is no such route: the service keeps no log, or is older than the page. */
export const isMissing = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** The requests of the view, the newest first, page by page. */
export const useRequests = (view: View, params: Params, enabled: boolean) => {
  const asked = requestParams(view, params);
  return useInfiniteQuery({
    queryKey: ["requests", asked],
    queryFn: ({ signal, pageParam }) =>
      call<RequestPage>(
        urlOf("api-requests", { ...asked, limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) }),
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.nextCursor ?? null,
    enabled,
    placeholderData: keepPreviousData,
    // Whoever has gone back reads; only the first page is renewed under a reader.
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : refetchInterval(view)),
  });
};

/** Requests that no route matched, the newest first, as far as a few pages go. */
export const useUnmatched = (view: View) => {
  const asked = { ...labelParams(view), endpoint: "<unmatched>" };
  return useQuery({
    queryKey: ["requests-unmatched", asked],
    queryFn: ({ signal }) => pages<LoggedRequest, RequestPage>("api-requests", asked, signal, 3),
    placeholderData: keepPreviousData,
    refetchInterval: slowInterval(view),
  });
};

export const useGroups = (view: View, params: Params, enabled: boolean) => {
  const asked = requestParams(view, params);
  return useQuery({
    queryKey: ["request-groups", asked],
    queryFn: ({ signal }) => call<GroupPage>(urlOf("api-requests/groups", { ...asked, limit: PAGE }), { signal }),
    enabled,
    refetchInterval: refetchInterval(view),
    placeholderData: keepPreviousData,
  });
};

/** Requests by country, of all of them; only admins are answered. */
export const useCountries = (view: View, enabled: boolean) => {
  const asked = labelParams(view);
  return useQuery({
    enabled,
    queryKey: ["request-countries", asked],
    queryFn: ({ signal }) => call<RequestCountries>(urlOf("api-requests/countries", asked), { signal }),
    // Who was refused once stays so.
    refetchInterval: (query) => (query.state.error === null && isOpen(view) ? 60_000 : false),
    placeholderData: keepPreviousData,
    retry: false,
    meta: { covers: false },
  });
};

/** What the log has kept and dropped; only admins are answered. */
export const useLogStatus = (enabled: boolean) =>
  useQuery({
    enabled,
    queryKey: ["request-log-status"],
    queryFn: ({ signal }) => call<RequestLogStatus>("api-requests/status", { signal }),
    refetchInterval: (query) => (query.state.error === null ? 60_000 : false),
    retry: false,
    meta: { covers: false },
  });

export const useRequest = (id: string) =>
  useQuery({
    queryKey: ["request", id],
    queryFn: ({ signal }) => call<LoggedRequest>(`api-requests/${encodeURIComponent(id)}`, { signal }),
    // What is stored of a request doesn't change.
    staleTime: Number.POSITIVE_INFINITY,
    meta: { covers: false },
  });

/** The latest requests of a group of errors, in the view's range. */
export const useSimilar = (view: View, group: string | null) => {
  const asked = { ...requestParams(view, { group: group ?? undefined }), limit: "6" };
  return useQuery({
    queryKey: ["requests-similar", asked],
    queryFn: ({ signal }) => call<RequestPage>(urlOf("api-requests", asked), { signal }),
    enabled: group !== null,
    meta: { covers: false },
  });
};

export const MODES = ["hybrid", "words", "similar"] as const;
export type SearchMode = (typeof MODES)[number];

export const useSearch = (view: View, params: Params, q: string, mode: SearchMode) => {
  const { text: _, ...asked } = requestParams(view, params);
  return useQuery({
    queryKey: ["requests-search", asked, q, mode],
    queryFn: ({ signal }) =>
      call<SearchAnswer>(urlOf("api-requests/search", { ...asked, q, mode, limit: "50" }), { signal }),
    enabled: q !== "",
    placeholderData: keepPreviousData,
    refetchInterval: isOpen(view) ? refetchInterval(view) : false,
  });
};

export const useCurl = () =>
  useMutation({
    mutationFn: (id: string) => call<CurlCommand>(`api-requests/${encodeURIComponent(id)}/curl`),
  });

export const requestsExportUrl = (view: View, params: Params, format: string): string =>
  urlOf("api-requests/export", { ...requestParams(view, params), format });
