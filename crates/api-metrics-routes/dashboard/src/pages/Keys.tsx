// API keys: their names, owners, limits, quotas and plans, made, changed and switched off.
import { useMemo, useState } from "react";
import { useApiKeys } from "../api/control";
import { useKeyWrites } from "../api/limits";
import { usePlans } from "../api/plans";
import { useMay } from "../api/session";
import type { ApiKey, ApiKeyPatch } from "../api/types";
import { KeyForm } from "../consumers/KeyForm";
import { consumerName } from "../format/consumer";
import * as number from "../format/number";
import { Changed } from "../ui/Changed";
import { type Column, Table } from "../ui/Table";
import { href } from "../view/location";

const nameOf = (key: ApiKey): string =>
  consumerName({ apiKeyId: key.id, name: key.name ?? null, externalId: key.externalId });

interface Done {
  text: string;
  id: number;
  undo: ApiKeyPatch | null;
}

const Keys = () => {
  const { write, operate } = useMay();
  const keys = useApiKeys();
  const plans = usePlans().data?.data;
  const { change } = useKeyWrites();
  const [open, setOpen] = useState<number | "new" | null>(null);
  const [done, setDone] = useState<Done | null>(null);
  const columns = useMemo((): Column<ApiKey>[] => {
    const planOf = (key: ApiKey): string =>
      key.pricePlanId == null
        ? "Default"
        : (plans?.find((plan) => plan.id === key.pricePlanId)?.name ?? `Plan ${key.pricePlanId}`);
    const toggle = (key: ApiKey) => {
      const state = key.enabled ? "switched off: nothing watches its limit and its quota" : "watched";
      const text = `${nameOf(key)} is ${state}.`;
      change.mutate(
        { id: key.id, change: { enabled: !key.enabled } },
        { onSuccess: () => setDone({ text, id: key.id, undo: { enabled: key.enabled } }) },
      );
    };
    return [
      {
        id: "name",
        head: "API key",
        by: nameOf,
        cell: (key) => (
          <span className="rule">
            <a href={href("consumer", { key: String(key.id) })}>{nameOf(key)}</a>
            {key.name && <span className="muted">{key.externalId}</span>}
          </span>
        ),
      },
      {
        id: "tenant",
        head: "Tenant",
        wide: 1,
        by: (key) => key.tenantId ?? null,
        cell: (key) => key.tenantId ?? number.NONE,
      },
      {
        id: "user",
        head: "User",
        wide: 3,
        by: (key) => key.userId ?? null,
        cell: (key) => key.userId ?? number.NONE,
      },
      {
        id: "team",
        head: "Team",
        wide: 3,
        by: (key) => key.teamId ?? null,
        cell: (key) => key.teamId ?? number.NONE,
      },
      {
        id: "limit",
        head: "A minute",
        number: true,
        by: (key) => key.rateLimitPerMinute ?? null,
        cell: (key) => number.count(key.rateLimitPerMinute),
      },
      {
        id: "quota",
        head: "Quota",
        number: true,
        by: (key) => key.quotaLimit ?? null,
        cell: (key) =>
          key.quotaLimit == null ? (
            number.NONE
          ) : (
            <span className="rule">
              <span>
                {number.count(key.quotaLimit)} {key.quotaUnit ?? ""}
              </span>
              <span className="muted">
                {key.quotaPeriod == null || key.quotaPeriod === "month" ? "a month" : `every ${key.quotaPeriod}`}
              </span>
            </span>
          ),
      },
      { id: "plan", head: "Plan", wide: 2, by: planOf, cell: planOf },
      {
        id: "watched",
        head: "State",
        by: (key) => (key.enabled ? "Watched" : "Off"),
        cell: (key) => (
          <span className="badge" data-level={key.enabled ? "good" : "none"}>
            {key.enabled ? "Watched" : "Off"}
          </span>
        ),
      },
      ...(write
        ? [
            {
              id: "edit",
              head: "",
              cell: (key: ApiKey) => (
                <span className="row-tools">
                  <button
                    type="button"
                    className="ghost"
                    aria-label={`Edit ${nameOf(key)}`}
                    aria-expanded={open === key.id}
                    onClick={() => setOpen(open === key.id ? null : key.id)}
                  >
                    Edit
                  </button>
                  <button
                    type="button"
                    className="ghost"
                    aria-label={`${key.enabled ? "Switch off" : "Watch"} ${nameOf(key)}`}
                    disabled={change.isPending}
                    onClick={() => toggle(key)}
                  >
                    {key.enabled ? "Switch off" : "Watch"}
                  </button>
                </span>
              ),
            },
          ]
        : []),
    ];
  }, [plans, write, open, change.isPending, change.mutate]);
  return (
    <>
      <header className="page-head">
        <a href={href("consumers")} className="back">
          Consumers
        </a>
        <h1>API keys</h1>
      </header>
      {open === "new" && (
        <section className="card">
          <KeyForm
            of={null}
            tenants={operate}
            saved={(key) => {
              setOpen(null);
              setDone({ text: `${nameOf(key)} is made.`, id: key.id, undo: null });
            }}
            close={() => setOpen(null)}
          />
        </section>
      )}
      <Table
        caption="API keys"
        columns={columns}
        rows={keys.data?.data}
        idOf={(key) => String(key.id)}
        text={(key) =>
          `${nameOf(key)} ${key.externalId} ${key.tenantId ?? ""} ${key.userId ?? ""} ${key.teamId ?? ""}`
        }
        error={keys.error}
        retry={() => void keys.refetch()}
        start={{ id: "name", down: false }}
        empty="No API key was used or made yet."
        lead={
          done && (
            <Changed
              text={done.text}
              pending={change.isPending}
              error={change.error}
              undo={
                done.undo &&
                (() =>
                  change.mutate(
                    { id: done.id, change: done.undo ?? {} },
                    { onSuccess: () => setDone({ ...done, text: "It is as it was before.", undo: null }) },
                  ))
              }
            />
          )
        }
        below={(key) =>
          open === key.id ? (
            <KeyForm
              key={key.updatedAt}
              of={key}
              tenants={operate}
              saved={(changed, undo) => {
                change.reset();
                setOpen(null);
                setDone({ text: `${nameOf(changed)} is changed.`, id: changed.id, undo });
              }}
              close={() => setOpen(null)}
            />
          ) : null
        }
        tools={
          operate &&
          open !== "new" && (
            <button type="button" onClick={() => setOpen("new")}>
              New key
            </button>
          )
        }
        file="api-keys"
      />
    </>
  );
};

export default Keys;
