// What is shown instead of numbers: nothing yet, nothing at all, or what went wrong.
import type { ReactNode } from "react";
import { ApiError } from "../api/client";

const ADVICE: Readonly<Record<number, string>> = {
  0: "Check that the service runs and that this page can reach it. It is tried again by itself.",
  400: "The link may be damaged: reset the range and the filters.",
  403: "Your role does not include this. An admin can see it.",
  404: "It may have been removed meanwhile.",
  429: "Too many requests from this sign-in. Wait a moment, or refresh less often.",
  503: "The store can't be reached. Requests are still counted in memory and nothing is lost; see Status.",
  504: "The query took too long. Choose a shorter range or filter by service.",
};

export const Failure = ({ error, retry }: { error: unknown; retry?: (() => void) | undefined }) => {
  const api = error instanceof ApiError ? error : null;
  const advice = api ? (ADVICE[api.status] ?? "The service's log says more.") : "Reload the page.";
  return (
    <div className="state failure" role="alert">
      <strong>{api?.problem?.title ?? (api?.status === 0 ? "No answer" : "Something went wrong")}</strong>
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

export const Empty = ({ children }: { children: ReactNode }) => <div className="state muted">{children}</div>;

export const SkeletonRows = ({ rows, columns }: { rows: number; columns: number }) => (
  <>
    {Array.from({ length: rows }, (_, row) => (
      <tr key={row} aria-hidden="true">
        <td colSpan={columns}>
          <span className="skeleton line" />
        </td>
      </tr>
    ))}
  </>
);
