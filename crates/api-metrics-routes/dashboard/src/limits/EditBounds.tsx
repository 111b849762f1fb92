// A consumer's limit and quota, edited in its row, with what they would have done to the last 24 hours.
import { type FormEvent, useDeferredValue, useState } from "react";
import { useKeyWrites, useWhatIf } from "../api/limits";
import type { ApiKeyPatch, Headroom, WhatIf } from "../api/types";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { clock } from "../format/time";
import { Field } from "../ui/Field";
import { useView } from "../view/view";
import { over, period as periodOf, whole } from "./words";

type Bound = WhatIf["rate"];

const Would = ({ name, bound, unit }: { name: string; bound: Bound; unit?: string | undefined }) =>
  bound.tried ? (
    <p>
      <b>{over(bound.tried.requests, bound.tried.minutes, unit)}</b> over a {name} of{" "}
      {number.count(bound.tried.limit)}
      {bound.today && (
        <span className="muted">
          {" "}
          (over {number.count(bound.today.limit)}, as it is:{" "}
          {over(bound.today.requests, bound.today.minutes, unit).toLowerCase()})
        </span>
      )}
    </p>
  ) : null;

interface Props {
  row: Headroom;
  /** Told what was changed, and how to change it back. */
  saved: (name: string, undo: ApiKeyPatch) => void;
  close: () => void;
}

export const EditBounds = ({ row, saved, close }: Props) => {
  const view = useView();
  const own = (bound: { limit: number; isDefault: boolean } | null | undefined): number | null =>
    bound && !bound.isDefault ? bound.limit : null;
  const before = {
    limit: own(row.rate),
    quota: own(row.quota),
    period: row.quota?.period ?? "month",
  };
  const [draft, setDraft] = useState({
    limit: before.limit?.toString() ?? "",
    quota: before.quota?.toString() ?? "",
    period: before.period,
  });
  const { change } = useKeyWrites();
  const [limit, quota, period] = [whole(draft.limit), whole(draft.quota), periodOf(draft.period)];
  const tried = useDeferredValue(`${limit ?? ""} ${quota ?? ""}`);
  const [triedLimit = "", triedQuota = ""] = tried.split(" ");
  const bounds = {
    ...(triedLimit === "" ? {} : { rateLimitPerMinute: triedLimit }),
    ...(triedQuota === "" ? {} : { quotaLimit: triedQuota }),
  };
  const { data: answer, isPlaceholderData } = useWhatIf(row.apiKeyId, bounds, tried.trim() !== "");
  const name = consumerName(row);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (limit === undefined || quota === undefined || period === undefined) return;
    const next: ApiKeyPatch = {
      ...(limit === before.limit ? {} : { rateLimitPerMinute: limit }),
      ...(quota === before.quota ? {} : { quotaLimit: quota }),
      ...(period === before.period ? {} : { quotaPeriod: period }),
    };
    const undo: ApiKeyPatch = {
      ...(limit === before.limit ? {} : { rateLimitPerMinute: before.limit }),
      ...(quota === before.quota ? {} : { quotaLimit: before.quota }),
      ...(period === before.period ? {} : { quotaPeriod: before.period }),
    };
    if (Object.keys(next).length === 0) close();
    else change.mutate({ id: row.apiKeyId, change: next }, { onSuccess: () => saved(name, undo) });
  };
  const fallback = (bound: { limit: number; isDefault: boolean } | null | undefined) =>
    bound?.isDefault ? `Default: ${number.count(bound.limit)}` : "None";
  return (
    <form className="edit-bounds" aria-label={`Bounds of ${name}`} onSubmit={submit}>
      <div className="form-grid">
        <Field
          label="Requests a minute"
          numeric
          hint={fallback(row.rate)}
          value={draft.limit}
          wrong={limit === undefined ? "A whole number, or nothing for no limit" : null}
          onChange={(value) => setDraft({ ...draft, limit: value })}
        />
        <Field
          label={`Quota${row.quota?.unit ? ` of ${row.quota.unit}` : ""}`}
          numeric
          hint={fallback(row.quota)}
          value={draft.quota}
          wrong={quota === undefined ? "A whole number, or nothing for no quota" : null}
          onChange={(value) => setDraft({ ...draft, quota: value })}
        />
        <Field
          label="Quota period"
          hint="month"
          value={draft.period}
          wrong={period === undefined ? "month, or days such as 30d" : null}
          onChange={(value) => setDraft({ ...draft, period: value })}
        />
      </div>
      {answer && tried.trim() !== "" && (
        <div className="what-if" role="status" data-stale={isPlaceholderData}>
          <p className="muted">
            In the last 24 h there were {number.plural(answer.requests, "request")}
            {answer.busiest && `, ${number.count(answer.busiest.requests)} of them in the busiest minute at `}
            {answer.busiest && clock(Date.parse(answer.busiest.at), view.tz)}. There would have been:
          </p>
          <Would name="limit" bound={answer.rate} />
          <Would name="quota" bound={answer.quota} unit={row.quota?.unit ?? undefined} />
        </div>
      )}
      {change.error && (
        <p className="field-error" role="alert">
          {change.error.message}
        </p>
      )}
      <div className="card-tools">
        <button type="submit" disabled={change.isPending}>
          Save
        </button>
        <button type="button" className="ghost" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
};
