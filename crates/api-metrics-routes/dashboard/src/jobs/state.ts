// What a job is doing, in a word.
import type { Job } from "../api/types";

export type State = "running" | "asked" | "retry" | "failed" | "fine" | "new";

export const stateOf = (job: Job): State => {
  if (job.runningSince != null) return "running";
  if (job.retryAt != null) return "retry";
  if (job.requestedBy != null) return "asked";
  if (job.lastRun == null) return "new";
  return job.lastRun.outcome === "success" ? "fine" : "failed";
};

export const STATES: Readonly<Record<State, readonly [string, string]>> = {
  running: ["Running", "none"],
  asked: ["Asked for", "none"],
  retry: ["Tried again soon", "some"],
  failed: ["Failed", "bad"],
  fine: ["Success", "good"],
  new: ["Never run", "none"],
};

export const OUTCOMES: Readonly<Record<string, readonly [string, string]>> = {
  success: ["Success", "good"],
  error: ["Error", "bad"],
  timeout: ["Timeout", "bad"],
  cancelled: ["Cancelled", "some"],
};
