// Makes an API key before its first request, or changes one: names, owners, limit, quota and plan.
import { type FormEvent, useId } from "react";
import { useKeyWrites } from "../api/limits";
import { usePlans } from "../api/plans";
import type { ApiKey, ApiKeyPatch } from "../api/types";
import { period as periodOf, whole } from "../limits/words";
import { Field } from "../ui/Field";
import { useDraft } from "../ui/useDraft";

interface Draft {
  externalId: string;
  name: string;
  tenantId: string;
  userId: string;
  teamId: string;
  limit: string;
  quota: string;
  unit: string;
  period: string;
  plan: string;
}

const draftOf = (key: ApiKey | null): Draft => ({
  externalId: key?.externalId ?? "",
  name: key?.name ?? "",
  tenantId: key?.tenantId ?? "",
  userId: key?.userId ?? "",
  teamId: key?.teamId ?? "",
  limit: key?.rateLimitPerMinute?.toString() ?? "",
  quota: key?.quotaLimit?.toString() ?? "",
  unit: key?.quotaUnit ?? "",
  period: key?.quotaPeriod ?? "",
  plan: key?.pricePlanId?.toString() ?? "",
});

/** What a draft sets; undefined where something in it is wrong. */
const settingsOf = (draft: Draft): ApiKeyPatch | undefined => {
  const text = (value: string): string | null => value.trim() || null;
  const [limit, quota] = [whole(draft.limit), whole(draft.quota)];
  const period = draft.period.trim() === "" ? null : periodOf(draft.period);
  if (limit === undefined || quota === undefined || period === undefined) return undefined;
  return {
    name: text(draft.name),
    tenantId: text(draft.tenantId),
    userId: text(draft.userId),
    teamId: text(draft.teamId),
    rateLimitPerMinute: limit,
    quotaLimit: quota,
    quotaUnit: text(draft.unit),
    quotaPeriod: period,
    pricePlanId: draft.plan === "" ? null : Number(draft.plan),
  };
};

/** The members of `a` that are others in `b`. */
const differing = (a: ApiKeyPatch, b: ApiKeyPatch): ApiKeyPatch =>
  Object.fromEntries(Object.entries(a).filter(([name, value]) => b[name as keyof ApiKeyPatch] !== value));

interface Props {
  /** The key that is changed; null makes one. */
  of: ApiKey | null;
  /** Whether whoever fills the form may name a tenant. */
  tenants: boolean;
  /** Told what was made or changed, and what takes a change back. */
  saved: (key: ApiKey, undo: ApiKeyPatch | null) => void;
  close: () => void;
}

export const KeyForm = ({ of, tenants, saved, close: leave }: Props) => {
  const id = useId();
  const [draft, setDraft, forget] = useDraft(`key ${of?.id ?? "new"}`, () => draftOf(of), of?.updatedAt ?? "");
  const plans = usePlans().data?.data ?? [];
  const { create, change } = useKeyWrites();
  const close = () => {
    forget();
    leave();
  };
  const next = settingsOf(draft);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (next === undefined) return;
    if (of === null) {
      const set = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== null));
      create.mutate(
        { externalId: draft.externalId.trim(), ...set },
        {
          onSuccess: (key) => {
            forget();
            saved(key, null);
          },
        },
      );
      return;
    }
    const before = settingsOf(draftOf(of)) ?? {};
    const changed = differing(next, before);
    if (Object.keys(changed).length === 0) {
      close();
      return;
    }
    change.mutate(
      { id: of.id, change: changed },
      {
        onSuccess: (key) => {
          forget();
          saved(key, differing(before, next));
        },
      },
    );
  };
  const set = (name: keyof Draft) => (value: string) => setDraft({ ...draft, [name]: value });
  const failed = create.error ?? change.error;
  // The latest version of each plan; the default one has no number.
  const choices = new Map(plans.filter((plan) => plan.id !== 0).map((plan) => [plan.name, plan]));
  const chosen = plans.find((plan) => String(plan.id) === draft.plan);
  return (
    <form className="edit-bounds" aria-label={of ? `Settings of ${of.externalId}` : "New API key"} onSubmit={submit}>
      <div className="form-grid">
        {of === null && (
          <Field
            label="Text of the key"
            hint="As your service names it, never the secret"
            required
            value={draft.externalId}
            onChange={set("externalId")}
          />
        )}
        <Field label="Name" hint="For people" value={draft.name} onChange={set("name")} />
        {tenants && <Field label="Tenant" hint="None" value={draft.tenantId} onChange={set("tenantId")} />}
        <Field label="User" hint="None" value={draft.userId} onChange={set("userId")} />
        <Field label="Team" hint="None" value={draft.teamId} onChange={set("teamId")} />
        <Field
          label="Requests a minute"
          numeric
          hint="The default, or none"
          value={draft.limit}
          wrong={whole(draft.limit) === undefined ? "A whole number, or nothing" : null}
          onChange={set("limit")}
        />
        <Field
          label="Quota"
          numeric
          hint="The default, or none"
          value={draft.quota}
          wrong={whole(draft.quota) === undefined ? "A whole number, or nothing" : null}
          onChange={set("quota")}
        />
        <Field label="Quota of" hint="requests" value={draft.unit} onChange={set("unit")} />
        <Field
          label="Quota period"
          hint="month"
          value={draft.period}
          wrong={draft.period.trim() !== "" && !periodOf(draft.period) ? "month, or days such as 30d" : null}
          onChange={set("period")}
        />
        <div className="form-field">
          <label htmlFor={`${id}-plan`}>Price plan</label>
          <div className="form-control">
            <select id={`${id}-plan`} value={draft.plan} onChange={(event) => set("plan")(event.target.value)}>
              <option value="">Default</option>
              {[...choices.values()].map((plan) => (
                <option
                  key={plan.id}
                  // Any version names its plan.
                  value={chosen?.name === plan.name ? draft.plan : String(plan.id)}
                >
                  {plan.name} ({plan.currency})
                </option>
              ))}
            </select>
          </div>
        </div>
      </div>
      {failed && (
        <p className="field-error" role="alert">
          {failed.message}
        </p>
      )}
      <div className="card-tools">
        <button type="submit" disabled={create.isPending || change.isPending || next === undefined}>
          {of ? "Save" : "Create key"}
        </button>
        <button type="button" className="ghost" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
};
