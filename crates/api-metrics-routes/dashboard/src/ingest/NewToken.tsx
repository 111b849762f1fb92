// Makes a token for a writer. Its secret is shown here, once, until it is closed.
import { type FormEvent, useId } from "react";
import { useIngestWrites } from "../api/ingest";
import { useDraft } from "../ui/useDraft";

interface Draft {
  name: string;
  service: string;
  environment: string;
  tenantId: string;
  origins: string;
}

const EMPTY: Draft = { name: "", service: "", environment: "", tenantId: "", origins: "" };

const FIELDS: readonly (readonly [keyof Draft, string, string])[] = [
  ["name", "Name", "checkout in production"],
  ["service", "Service", "checkout"],
  ["environment", "Environment", "default"],
  ["tenantId", "Tenant", "All tenants"],
  ["origins", "Origins of pages", "None: it is a service's"],
];

export const NewToken = ({ close: leave }: { close: () => void }) => {
  const id = useId();
  const [draft, setDraft, forget] = useDraft("ingest token", () => EMPTY);
  const close = () => {
    forget();
    leave();
  };
  const { create } = useIngestWrites();
  const made = create.data;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const origins = draft.origins.split(/[\s,]+/).filter((origin) => origin !== "");
    create.mutate({
      name: draft.name.trim(),
      service: draft.service.trim(),
      ...(draft.environment.trim() === "" ? {} : { environment: draft.environment.trim() }),
      ...(draft.tenantId.trim() === "" ? {} : { tenantId: draft.tenantId.trim() }),
      ...(origins.length === 0 ? {} : { origins }),
    });
  };

  if (made)
    return (
      <section className="card" aria-label="Token created">
        <header className="card-head">
          <h2>Token created</h2>
          <div className="card-tools">
            {navigator.clipboard && (
              <button type="button" onClick={() => void navigator.clipboard.writeText(made.secret)}>
                Copy
              </button>
            )}
            <button type="button" onClick={close}>
              Done
            </button>
          </div>
        </header>
        <p role="status">
          The secret of {made.token.name} is shown only now: <code className="path">{made.secret}</code>
        </p>
      </section>
    );
  return (
    <form className="card" aria-label="New token" onSubmit={submit}>
      <header className="card-head">
        <h2>New token</h2>
      </header>
      <div className="form-grid">
        {FIELDS.map(([field, label, placeholder]) => (
          <div className="form-field" key={field}>
            <label htmlFor={`${id}-${field}`}>{label}</label>
            <div className="form-control">
              <input
                id={`${id}-${field}`}
                placeholder={placeholder}
                required={field === "name" || field === "service"}
                value={draft[field]}
                onChange={(event) => setDraft({ ...draft, [field]: event.target.value })}
              />
            </div>
          </div>
        ))}
      </div>
      <p className="form-hint muted">
        With origins, such as https://app.example, it is for pages: it writes webrtc alone and is never billed.
      </p>
      {create.error && (
        <p className="field-error" role="alert">
          {create.error.message}
        </p>
      )}
      <div className="card-tools">
        <button type="submit" disabled={create.isPending}>
          Create token
        </button>
        <button type="button" className="ghost" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
};
