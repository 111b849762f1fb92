// Creates and edits an objective.
import { type FormEvent, useEffect, useId, useRef, useState } from "react";
import { ApiError } from "../api/client";
import { useObjectiveWrites } from "../api/objectives";
import { useMay } from "../api/session";
import type { Objective } from "../api/types";
import { useDraft } from "../ui/useDraft";
import { bodyOf, type Draft, draftOf, fresh, proposedName, validate } from "./model";

interface Props {
  objective: Objective | null;
  close: () => void;
}

type TextField = Exclude<keyof Draft, "rules" | "indicator">;

export const ObjectiveForm = ({ objective, close: leave }: Props) => {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const { operate } = useMay();
  const [revision] = useState(objective?.revision);
  const [typed, setDraft, forget] = useDraft<Draft>(
    `objective ${objective?.id ?? "new"}`,
    () => (objective ? draftOf(objective) : fresh()),
    revision === undefined ? "" : String(revision),
  );
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const { save } = useObjectiveWrites();
  const nameless = typed.name === "" && !touched.has("name");
  const draft = nameless ? { ...typed, name: proposedName(typed) } : typed;
  const wrong = validate(draft);
  const refused = save.error instanceof ApiError ? save.error : null;
  const close = () => {
    forget();
    leave();
  };

  useEffect(() => {
    const element = dialog.current;
    if (!element || element.open) return;
    element.showModal();
    element.querySelector<HTMLInputElement>("[data-field=name] input")?.select();
  }, []);

  const set = (field: keyof Draft, value: string | boolean) => {
    setTouched((before) => new Set([...before, field]));
    save.reset();
    setDraft((before) => ({ ...before, [field]: value }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTouched(new Set(Object.keys(draft)));
    if (Object.keys(wrong).length > 0) return;
    const body = {
      ...bodyOf(draft),
      ...(revision === undefined ? { rules: draft.rules } : { revision }),
    };
    save.mutate({ id: objective?.id ?? null, objective: body }, { onSuccess: close });
  };
  const field = (name: TextField, label: string, unit = "", placeholder = "", numeric = false) => {
    const error =
      (touched.has(name) ? wrong[name] : undefined) ??
      (refused?.problem?.parameter === name ? refused.message : undefined);
    return (
      <div className="form-field" data-field={name}>
        <label htmlFor={`${id}-${name}`}>{label}</label>
        <span className="form-control">
          <input
            id={`${id}-${name}`}
            aria-invalid={error !== undefined}
            aria-describedby={`${id}-${name}-error`}
            placeholder={placeholder}
            {...(numeric ? { inputMode: "decimal" as const } : {})}
            value={draft[name]}
            onChange={(event) => set(name, event.target.value)}
          />
          {unit && <span className="muted">{unit}</span>}
        </span>
        <span id={`${id}-${name}-error`} className="field-error" role={error ? "alert" : undefined}>
          {error}
        </span>
      </div>
    );
  };

  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={`${id}-title`} onClose={close}>
      <form onSubmit={submit} noValidate>
        <header>
          <h2 id={`${id}-title`}>{objective ? `Edit ${objective.name}` : "New objective"}</h2>
          <button type="button" className="ghost icon" aria-label="Close" onClick={close}>
            ×
          </button>
        </header>
        <div className="form-grid">
          {field("name", "Name")}
          <div className="form-field">
            <label htmlFor={`${id}-indicator`}>What is good</label>
            <span className="form-control">
              <select
                id={`${id}-indicator`}
                value={draft.indicator}
                onChange={(event) => set("indicator", event.target.value)}
              >
                <option value="availability">An answer that is no 5xx</option>
                <option value="latency">An answer within a time</option>
              </select>
            </span>
          </div>
          {field("target", "Target", "% of the requests", "", true)}
          {draft.indicator === "latency" && field("latencyMs", "Within", "ms", "", true)}
          {field("windowDays", "Over the last", "days", "", true)}
          {field("service", "Service", "", "All")}
          {field("environment", "Environment", "", "All")}
          {field("endpoint", "Endpoint", "", "All, or GET /users/*")}
          {(operate || draft.tenantId !== "") && field("tenantId", "Tenant", "", "Everybody")}
          {objective === null && (
            <label className="form-check">
              <input type="checkbox" checked={draft.rules} onChange={() => set("rules", !draft.rules)} /> Alert when
              the budget burns
            </label>
          )}
        </div>
        <p className="form-note-plain muted">
          {draft.indicator === "latency"
            ? "The time is moved up to the next edge of the sketch, at most 1.6%: there the count is exact."
            : "4xx are the caller's errors and count as good."}{" "}
          {objective === null && draft.rules
            ? "Two rules are made: 14.4 times too fast over 1 h and 5 min, and 6 times over 6 h and 30 min."
            : ""}
        </p>
        {refused && !(refused.problem?.parameter && refused.problem.parameter in draft) && (
          <p className="field-error" role="alert">
            {refused.message}
          </p>
        )}
        <footer>
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={save.isPending}>
            {save.isPending ? "Saving…" : objective ? "Save" : "Create"}
          </button>
        </footer>
      </form>
    </dialog>
  );
};
