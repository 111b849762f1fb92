// Plans a silence: from when until when, for what, and why.
import { type FormEvent, useId } from "react";
import { useSilenceWrites } from "../api/notices";
import type { Alert } from "../api/types";
import { fromInput, iso } from "../format/time";
import { DateInput } from "../ui/DateInput";
import { useDraft } from "../ui/useDraft";
import { useView } from "../view/view";
import { type Draft, fresh, inZone } from "./silence";

const TEXTS: readonly (readonly ["service" | "environment" | "endpoint" | "reason", string, string])[] = [
  ["service", "Service", "All rules"],
  ["environment", "Environment", "All rules"],
  ["endpoint", "Endpoint", "All rules; such as GET /invoices/*"],
  ["reason", "Reason", "The database moves"],
];

interface Props {
  rules: readonly Alert[] | undefined;
  close: () => void;
}

export const NewSilence = ({ rules, close: leave }: Props) => {
  const id = useId();
  const view = useView();
  const [kept, setDraft, forget] = useDraft<Draft>("silence", () => fresh(Date.now(), view.tz));
  const draft = inZone(kept, view.tz);
  const close = () => {
    forget();
    leave();
  };
  const { create } = useSilenceWrites();
  const change = (field: keyof Draft) => (value: string) => setDraft({ ...draft, [field]: value });
  const [from, until] = [fromInput(draft.from, view.tz), fromInput(draft.until, view.tz)];
  const wrong =
    from === null || until === null
      ? "Enter a start and an end."
      : until <= from
        ? "The end must be after the start."
        : null;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (from === null || until === null || wrong !== null) return;
    const given = (text: string) => (text.trim() === "" ? null : text.trim());
    create.mutate(
      {
        from: iso(from),
        until: iso(until),
        service: given(draft.service),
        environment: given(draft.environment),
        endpoint: given(draft.endpoint),
        alertId: draft.alertId === "" ? null : Number(draft.alertId),
        reason: given(draft.reason),
      },
      { onSuccess: close },
    );
  };

  return (
    <form className="card" aria-label="New silence" onSubmit={submit}>
      <header className="card-head">
        <h2>New silence</h2>
      </header>
      <div className="form-grid">
        {(["from", "until"] as const).map((field) => (
          <div className="form-field" key={field}>
            <label htmlFor={`${id}-${field}`}>{field === "from" ? "From" : "Until"}</label>
            <div className="form-control">
              <DateInput id={`${id}-${field}`} value={draft[field]} onChange={change(field)} />
            </div>
          </div>
        ))}
        <div className="form-field">
          <label htmlFor={`${id}-rule`}>Rule</label>
          <div className="form-control">
            <select
              id={`${id}-rule`}
              value={draft.alertId}
              onChange={(event) => change("alertId")(event.target.value)}
            >
              <option value="">All rules</option>
              {(rules ?? []).map((rule) => (
                <option key={rule.id} value={String(rule.id)}>
                  {rule.name}
                </option>
              ))}
            </select>
          </div>
        </div>
        {TEXTS.map(([field, label, placeholder]) => (
          <div className="form-field" key={field}>
            <label htmlFor={`${id}-${field}`}>{label}</label>
            <div className="form-control">
              <input
                id={`${id}-${field}`}
                placeholder={placeholder}
                value={draft[field]}
                onChange={(event) => change(field)(event.target.value)}
              />
            </div>
          </div>
        ))}
      </div>
      <p className="form-hint muted">
        Rules are still evaluated. What fires meanwhile is delivered when the silence is over, if it still fires.
      </p>
      {(wrong ?? create.error) && (
        <p className="field-error" role="alert">
          {wrong ?? create.error?.message}
        </p>
      )}
      <div className="card-tools">
        <button type="submit" className="primary" disabled={create.isPending || wrong !== null}>
          Create silence
        </button>
        <button type="button" className="ghost" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
};
