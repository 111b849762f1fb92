// The states without data: loading, empty and failed.
import type { ReactNode } from "react";
import { ApiError } from "../api/client";

const ADVICE: Readonly<Record<number, string>> = {
  0: "Check that the service is running and reachable from this browser. The page retries automatically.",
  400: "The link may be malformed. Reset the time range and filters.",
  403: "Your role does not have access to this. Ask an admin.",
  404: "It may have been deleted.",
  429: "Too many requests from this session. Wait a moment, or lower the refresh rate.",
  503: "The store is unreachable. Requests are still counted in memory and nothing is lost. See Status for details.",
  504: "The query timed out. Choose a shorter time range or filter by service.",
};

export const Failure = ({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) => {
  const api = error instanceof ApiError ? error : null;
  const advice = api ? (ADVICE[api.status] ?? "See the service log for details.") : "Reload the page.";
  return (
    <div className="state failure" role="alert">
      <strong>{api?.problem?.title ?? (api?.status === 0 ? "No response" : "Something went wrong")}</strong>
      <p>{error instanceof Error ? error.message : String(error)}</p>
      <p className="muted">
        {advice}
        {api?.retryAfter ? ` Try again in ${api.retryAfter} s.` : ""}
      </p>
      {retry && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  );
};

/** Whether the API knows nothing of what was asked about. */
export const isNotFound = (error: unknown): boolean => error instanceof ApiError && error.status === 404;

/** A thing that nothing is known of; zeros would look like one without traffic. */
export const NotFound = ({ children }: { children: ReactNode }) => (
  <div className="state" role="alert">
    <strong>Not found</strong>
    <p>{children}</p>
  </div>
);

export const Empty = ({ children }: { children: ReactNode }) => <div className="state muted">{children}</div>;

export const SkeletonRows = ({ rows, columns }: { rows: number; columns: number }) => (
  <>
    {Array.from({ length: rows }, (_, row) => (
      // biome-ignore lint/a11y/noAriaHiddenOnFocusable: a table row without a tabIndex takes no focus
      <tr key={row} aria-hidden="true">
        <td colSpan={columns}>
          <span className="skeleton line" />
        </td>
      </tr>
    ))}
  </>
);
