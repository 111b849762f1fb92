// Queries and writes of jobs: work in the background.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { refetchInterval, type View } from "../view/view";
import { call } from "./client";
import { pages } from "./queries";
import type { Job, JobPage, JobRun, JobRunPage } from "./types";

export const useJobs = (view: View) =>
  useQuery({
    queryKey: ["jobs"],
    queryFn: ({ signal }) => pages<Job, JobPage>("api-jobs", {}, signal, 10, "100"),
    refetchInterval: refetchInterval(view),
    retry: false,
    placeholderData: keepPreviousData,
  });

/** The background tasks of the instance that answers: the first page has them. */
export const useTasks = (view: View) =>
  useQuery({
    queryKey: ["jobs", "tasks"],
    queryFn: ({ signal }) => call<JobPage>("api-jobs?limit=1", { signal }),
    refetchInterval: refetchInterval(view),
    retry: false,
    placeholderData: keepPreviousData,
  });

export const useJobRuns = (view: View, job: number, maxPages: number) =>
  useQuery({
    queryKey: ["jobs", job, maxPages],
    queryFn: ({ signal }) => pages<JobRun, JobRunPage>(`api-jobs/${job}/runs`, {}, signal, maxPages, "100"),
    refetchInterval: refetchInterval(view),
    retry: false,
  });

/** Asks for a run now. What shows jobs is fetched again afterwards. */
export const useRunJob = () => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: number) => call(`api-jobs/${id}/run`, { method: "POST" }),
    onSettled: () => client.invalidateQueries({ queryKey: ["jobs"] }),
  });
};
