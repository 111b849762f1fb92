// Creates and edits an alert rule, and tests it on past data before it is saved.
import { type FormEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from "react";
import { ApiError } from "../api/client";
import { useAlertWrites, useApiKeys, useDryRun } from "../api/control";
import { useObjectives } from "../api/objectives";
import { useEndpoints } from "../api/queries";
import { useMay } from "../api/session";
import type { Alert } from "../api/types";
import { useDebounced } from "../ui/useDebounced";
import { useDraft } from "../ui/useDraft";
import { useLocation } from "../view/location";
import { useView } from "../view/view";
import { DryRunResult } from "./DryRunResult";
import { COMPARISONS, condition, counted, hasQuantile, isHealth, SEVERITIES, TYPES, valueIn } from "./describe";
import {
  bodyOf,
  burns,
  type Draft,
  draftOf,
  type Field,
  filterless,
  proposedName,
  validate,
  watchesReleases,
} from "./draft";
import { draftFrom, notTaken, seededBy } from "./seed";
import { ThresholdChart } from "./ThresholdChart";
import { proposedThreshold } from "./threshold";

interface Props {
  rule: Alert | null;
  close: () => void;
}

/** Suggestions; a kind of one's own is typed. */
const PROTOCOLS = ["http", "grpc", "command", "agent", "session", "webrtc", "job", "any"];

/** The window that a type starts with, where it is not that of the others. */
const WINDOWS: Readonly<Record<string, string>> = { burn_rate: "60", release_regression: "120" };

const QUANTILES = [
  ["", "Average"],
  ["0.5", "p50"],
  ["0.9", "p90"],
  ["0.95", "p95"],
  ["0.99", "p99"],
] as const;

export const RuleForm = ({ rule, close: leave }: Props) => {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  // The rule may be another one's by the time that it is saved, or that its draft is taken up again.
  const [revision] = useState(rule?.revision);
  const { params } = useLocation();
  // A chart that asks for a rule asks for another one than that which is half made.
  const [seed] = useState(() => (rule ? "" : seededBy(params)));
  const [typed, setDraft, forget] = useDraft<Draft>(
    `rule ${rule?.id ?? "new"}`,
    () => (rule ? draftOf(rule) : draftFrom(params)),
    revision === undefined ? seed : String(revision),
  );
  const close = () => {
    forget();
    leave();
  };
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [period, setPeriod] = useState("24h");
  const view = useView();
  const keys = useApiKeys();
  const endpoints = useEndpoints({
    ...view,
    period: "24h",
    from: null,
    to: null,
    refresh: "off",
    service: null,
    environment: null,
    filters: {},
  });
  const { operate } = useMay();
  const objectives = useObjectives(view, typed.alertType === "burn_rate");
  const { save } = useAlertWrites();
  // A name is proposed until one is typed.
  const nameless = typed.name === "" && !touched.has("name");
  const draft = useMemo(() => {
    const nameOf = (key: string): string => {
      const known = keys.data?.data.find((each) => String(each.id) === key);
      return known ? (known.name ?? known.externalId) : `Key ${key}`;
    };
    return nameless ? { ...typed, name: proposedName(typed, nameOf) } : typed;
  }, [typed, nameless, keys.data]);
  const wrong = useMemo(() => validate(draft), [draft]);
  const valid = Object.keys(wrong).length === 0;
  // What a rule is called, and whether it is on, changes nothing about when it would have fired.
  const tried = useMemo(
    () =>
      Object.keys(validate({ ...typed, name: "rule" })).length === 0
        ? JSON.stringify({ ...bodyOf(typed), name: "rule", enabled: true })
        : null,
    [typed],
  );
  const calm = useDebounced(tried, 300);
  const dry = useDryRun(
    useMemo(() => (calm === null ? null : JSON.parse(calm)), [calm]),
    period,
  );
  // A chart's rule starts with a threshold that fits its numbers, once they are known.
  const proposes = useRef(seed !== "");
  useEffect(() => {
    if (!proposes.current || !dry.data || dry.isPlaceholderData) return;
    proposes.current = false;
    const proposal = proposedThreshold(dry.data.curve, typed.comparison);
    const most = typed.alertType === "error_rate" ? 100 : Number.POSITIVE_INFINITY;
    if (proposal !== null) setDraft((before) => ({ ...before, thresholdValue: String(Math.min(most, proposal)) }));
  }, [dry.data, dry.isPlaceholderData, typed.comparison, typed.alertType, setDraft]);

  useEffect(() => {
    const element = dialog.current;
    if (!element || element.open) return;
    element.showModal();
    // By default the close button would get the focus.
    element.querySelector<HTMLInputElement>("[data-field=name] input")?.select();
  }, []);

  const set = <F extends Field>(field: F, value: Draft[F]) => {
    setTouched((before) => new Set([...before, field]));
    if (field !== "name") proposes.current = false;
    save.reset();
    setDraft((before) => ({ ...before, [field]: value }));
  };

  const refused = save.error instanceof ApiError ? save.error : dry.error instanceof ApiError ? dry.error : null;
  const named = refused?.problem?.parameter?.replace(/^rule\./, "");
  const errorOf = (field: Field): string | null =>
    (touched.has(field) ? (wrong[field] ?? null) : null) ?? (named === field ? (refused?.message ?? null) : null);

  const field = (
    name: Field,
    label: string,
    control: (props: { id: string; "aria-invalid": boolean; "aria-describedby": string }) => ReactNode,
    unit?: string,
  ) => {
    const error = errorOf(name);
    return (
      <div className="form-field" data-field={name}>
        <label htmlFor={`${id}-${name}`}>{label}</label>
        <span className="form-control">
          {control({
            id: `${id}-${name}`,
            "aria-invalid": error !== null,
            "aria-describedby": `${id}-${name}-error`,
          })}
          {unit && <span className="muted">{unit}</span>}
        </span>
        <span id={`${id}-${name}-error`} className="field-error" role={error ? "alert" : undefined}>
          {error}
        </span>
      </div>
    );
  };
  const text =
    (name: Exclude<Field, "enabled">, props: Record<string, string | number | boolean> = {}) =>
    (shared: { id: string }) => (
      <input
        {...shared}
        {...props}
        value={draft[name]}
        onChange={(event) => set(name, event.target.value as never)}
      />
    );
  const choice =
    (name: Exclude<Field, "enabled">, options: readonly (readonly [string, string])[]) =>
    (shared: { id: string }) => (
      <select {...shared} value={draft[name]} onChange={(event) => set(name, event.target.value as never)}>
        {options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    );

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTouched(new Set(Object.keys(draft)));
    if (!valid) {
      dialog.current
        ?.querySelector<HTMLElement>(
          `[data-field="${Object.keys(wrong)[0]}"] input, [data-field="${Object.keys(wrong)[0]}"] select`,
        )
        ?.focus();
      return;
    }
    const body = { ...bodyOf(draft), ...(revision === undefined ? {} : { revision }) };
    save.mutate({ id: rule?.id ?? null, rule: body }, { onSuccess: close });
  };
  const type = TYPES[draft.alertType];
  const minimum = counted(draft.alertType);
  const unitOf = (of: Draft): string =>
    !watchesReleases(of) ? type.unit : of.quantile === "" ? "points of 5xx" : "%";
  const left = rule ? [] : notTaken(params);
  const services = [...new Set(endpoints.data?.data.map((row) => row.service))];
  const routes = [
    ...new Set(
      endpoints.data?.data
        .filter((row) => !row.endpoint.startsWith("<"))
        .map((row) => `${row.method} ${row.endpoint}`),
    ),
  ];

  return (
    <dialog ref={dialog} className="dialog wide" aria-labelledby={`${id}-title`} onClose={close}>
      <form onSubmit={submit} noValidate>
        <header>
          <h2 id={`${id}-title`}>{rule ? `Edit ${rule.name}` : "New rule"}</h2>
          <button type="button" className="ghost icon" aria-label="Close" onClick={close}>
            ×
          </button>
        </header>
        <div className="rule-body">
          <div className="form-grid">
            {field("name", "Name", text("name", { maxLength: 200 }))}
            {field(
              "severity",
              "Severity",
              choice(
                "severity",
                SEVERITIES.map((each) => [each, each[0]?.toUpperCase() + each.slice(1)]),
              ),
            )}
            {field("alertType", "Metric", (shared) => (
              <select
                {...shared}
                value={draft.alertType}
                onChange={(event) => {
                  const next = event.target.value as Draft["alertType"];
                  set("alertType", next);
                  setDraft((before) => ({
                    ...before,
                    thresholdValue: String(TYPES[next].start),
                    comparison:
                      next === "request_volume" || next === "cache_hit_rate" ? "lt" : next in WINDOWS ? "gte" : "gt",
                    windowMinutes: WINDOWS[next] ?? before.windowMinutes,
                    quantile: next === "release_regression" ? "" : before.quantile,
                  }));
                }}
              >
                {Object.entries(TYPES)
                  .filter(([value]) => operate || !isHealth(value) || value === draft.alertType)
                  .map(([value, { name }]) => (
                    <option key={value} value={value}>
                      {name}
                    </option>
                  ))}
              </select>
            ))}
            {burns(draft) ? (
              field(
                "objectiveId",
                "Objective",
                choice("objectiveId", [
                  ["", "Choose one"],
                  ...(objectives.data?.data ?? []).map(({ id, name }): [string, string] => [String(id), name]),
                ]),
              )
            ) : hasQuantile(draft.alertType) ? (
              field(
                "quantile",
                "Aggregation",
                choice(
                  "quantile",
                  QUANTILES.some(([q]) => q === draft.quantile)
                    ? QUANTILES.map(([q, label]) => [q, q === "" && watchesReleases(draft) ? "5xx" : label])
                    : [...QUANTILES, [draft.quantile, `p${+(Number(draft.quantile) * 100).toFixed(2)}`]],
                ),
              )
            ) : draft.alertType === "unit" ? (
              field("unit", "Unit", text("unit"))
            ) : (
              <p className="form-hint muted">{type.hint}.</p>
            )}
            {field("comparison", "Condition", choice("comparison", Object.entries(COMPARISONS)))}
            {field("thresholdValue", "Threshold", text("thresholdValue", { inputMode: "decimal" }), unitOf(draft))}
            {field(
              "windowMinutes",
              watchesReleases(draft) ? "After a version's first request" : "Evaluation window",
              text("windowMinutes", { inputMode: "numeric" }),
              "minutes",
            )}
            {field("cooldownMinutes", "Cooldown", text("cooldownMinutes", { inputMode: "numeric" }), "minutes")}
            {!filterless(draft) && (
              <>
                {field("serviceFilter", "Service", (shared) => (
                  <>
                    <input
                      {...shared}
                      list={`${id}-services`}
                      placeholder="All"
                      value={draft.serviceFilter}
                      onChange={(event) => set("serviceFilter", event.target.value)}
                    />
                    <datalist id={`${id}-services`}>
                      {services.map((each) => (
                        <option key={each} value={each} />
                      ))}
                    </datalist>
                  </>
                ))}
                {field("environmentFilter", "Environment", text("environmentFilter", { placeholder: "All" }))}
                {!watchesReleases(draft) && (
                  <>
                    {field("protocolFilter", "Protocol", (shared) => (
                      <>
                        <input
                          {...shared}
                          list={`${id}-protocols`}
                          placeholder="http and grpc"
                          value={draft.protocolFilter}
                          onChange={(event) => set("protocolFilter", event.target.value)}
                        />
                        <datalist id={`${id}-protocols`}>
                          {PROTOCOLS.map((each) => (
                            <option key={each} value={each} />
                          ))}
                        </datalist>
                      </>
                    ))}
                    {field("endpointFilter", "Endpoint", (shared) => (
                      <>
                        <input
                          {...shared}
                          list={`${id}-routes`}
                          placeholder="All, or GET /users/*"
                          value={draft.endpointFilter}
                          onChange={(event) => set("endpointFilter", event.target.value)}
                        />
                        <datalist id={`${id}-routes`}>
                          {routes.map((each) => (
                            <option key={each} value={each} />
                          ))}
                        </datalist>
                      </>
                    ))}
                    {field(
                      "apiKeyFilter",
                      "Consumer",
                      choice("apiKeyFilter", [
                        ["", "All"],
                        ...(keys.data?.data ?? []).map((key): [string, string] => [
                          String(key.id),
                          key.name ?? key.externalId,
                        ]),
                      ]),
                    )}
                    {(operate || draft.tenantId !== "") &&
                      field("tenantId", "Tenant", text("tenantId", { placeholder: "Everybody" }))}
                  </>
                )}
              </>
            )}
            {minimum !== null &&
              field("minRequests", `Minimum ${minimum}`, text("minRequests", { inputMode: "numeric" }), minimum)}
            <label className="form-check">
              <input
                type="checkbox"
                checked={draft.enabled}
                onChange={(event) => set("enabled", event.target.checked)}
              />{" "}
              Enabled
            </label>
          </div>
          <div className="rule-try">
            {left.length > 0 && (
              <p className="form-note">A rule can't be filtered by {left.join(" or ")}: it watches all of them.</p>
            )}
            <p className="form-sentence" aria-live="polite">
              {valid ? `Fires when ${condition(bodyOf(draft))}.` : "\u00a0"}
            </p>
            <section className="dry" aria-label="Dry run">
              <div className="dry-run-form">
                <label>
                  Over the last{" "}
                  <select aria-label="Test range" value={period} onChange={(event) => setPeriod(event.target.value)}>
                    {["6h", "24h", "7d"].map((each) => (
                      <option key={each} value={each}>
                        {each}
                      </option>
                    ))}
                  </select>
                </label>
                <span className="muted">Drag the threshold, or move it by the arrow keys. Nobody is notified.</span>
              </div>
              {dry.data ? (
                <>
                  <ThresholdChart
                    run={dry.data}
                    threshold={Number(draft.thresholdValue) || 0}
                    comparison={draft.comparison}
                    text={(value) => valueIn(draft.alertType, value, draft.quantile || null)}
                    tz={view.tz}
                    stale={dry.isPlaceholderData || calm !== tried}
                    onThreshold={(value) => set("thresholdValue", String(value))}
                  />
                  <DryRunResult
                    run={dry.data}
                    tz={view.tz}
                    minRequests={minimum === null ? 0 : Number(draft.minRequests) || 0}
                    counted={minimum ?? (isHealth(draft.alertType) ? "samples" : "requests")}
                    lacks={watchesReleases(draft) ? "no release, or too few of its requests" : undefined}
                  />
                </>
              ) : dry.isFetching ? (
                <div className="threshold-chart skeleton" />
              ) : null}
            </section>
          </div>
        </div>
        {refused && !(named && named in draft) && (
          <p className="field-error" role="alert">
            {refused.problem?.title ? `${refused.problem.title}: ` : ""}
            {refused.message}
          </p>
        )}
        <footer>
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" className="primary" disabled={save.isPending}>
            {save.isPending ? "Saving…" : rule ? "Save" : "Create"}
          </button>
        </footer>
      </form>
    </dialog>
  );
};
