// The filters as chips, each with a button that removes it, and a form that adds one.
import { type FormEvent, useId, useState } from "react";
import { useApiKeys } from "../api/control";
import { consumerName } from "../format/consumer";
import { patch, SHARED_FILTERS, useLocation } from "../view/location";
import { chosen, FILTERS, type RequestFilter } from "../view/requests";

/** Those that the toolbar has no choice for. */
const OFFERED = FILTERS.filter(({ id }) => id !== "service" && id !== "env");

/** Of these, those that pages of traffic share. */
const SHARED = OFFERED.filter(({ id }) => (SHARED_FILTERS as readonly string[]).includes(id));

interface Props {
  /** What the page is about, which is no filter. */
  subject: readonly string[];
  /** The filters that the page's numbers have; null for all. */
  applied: readonly string[] | null;
}

/** The names of consumers, where one is shown or may be chosen: there may be thousands. */
const useKeyNames = (wanted: boolean) => {
  const keys = useApiKeys(wanted).data?.data ?? [];
  const named = keys.map((key): [string, string] => [
    String(key.id),
    consumerName({ apiKeyId: key.id, name: key.name ?? null, externalId: key.externalId }),
  ]);
  return new Map<string, string>([["0", "Anonymous"], ...named]);
};

export const Chips = ({ subject, applied }: Props) => {
  const { params } = useLocation();
  const filters = chosen(params).filter(
    ([{ id }]) => !subject.includes(id) && (applied === null || (SHARED_FILTERS as readonly string[]).includes(id)),
  );
  const offered = (applied === null ? OFFERED : SHARED).filter(({ id }) => !subject.includes(id));
  const [adding, setAdding] = useState(false);
  const names = useKeyNames(adding || filters.some(([{ id }]) => id === "key"));
  const textOf = (id: string, value: string): string =>
    id === "key" ? (names.get(value) ?? `Key ${value}`) : id === "min" ? `${value} ms` : value;
  return (
    <section className="chips" aria-label="Filters">
      <ul>
        {filters.map(([{ id, label }, value]) => (
          <li
            key={id}
            className="chip"
            data-filter={id}
            data-applied={applied?.includes(id) ?? true}
            title={
              (applied?.includes(id) ?? true) ? undefined : "Kept, but the numbers of this page have no such filter"
            }
          >
            <span className="muted">{label}</span>
            <span className="chip-value" title={value}>
              {textOf(id, value)}
            </span>
            <button
              type="button"
              aria-label={`Remove the filter ${label}: ${textOf(id, value)}`}
              onClick={() => patch({ [id]: undefined })}
            >
              ×
            </button>
          </li>
        ))}
      </ul>
      <button type="button" aria-expanded={adding} onClick={() => setAdding(!adding)}>
        Add filter
      </button>
      {filters.length > 1 && (
        <button
          type="button"
          className="ghost"
          onClick={() => patch(Object.fromEntries(filters.map(([{ id }]) => [id, undefined])))}
        >
          Clear filters
        </button>
      )}
      {adding && <AddFilter offered={offered} names={names} close={() => setAdding(false)} />}
    </section>
  );
};

interface FormProps {
  offered: readonly RequestFilter[];
  names: ReadonlyMap<string, string>;
  close: () => void;
}

const AddFilter = ({ offered, names, close }: FormProps) => {
  const id = useId();
  const [filter, setFilter] = useState<RequestFilter>(offered[0] as RequestFilter);
  const [value, setValue] = useState("");
  const [tried, setTried] = useState(false);
  const options: readonly (readonly [string, string])[] | null =
    filter.id === "key" && names.size > 1
      ? [...names]
      : (filter.options?.map((each): [string, string] => [each, each]) ?? null);
  const wrong = filter.check(value.trim());

  const submit = (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (wrong !== null) return;
    patch({ [filter.id]: value.trim() });
    close();
  };
  return (
    <form className="chip-form" onSubmit={submit}>
      <div className="field">
        <label htmlFor={`${id}-name`}>Filter</label>
        <select
          id={`${id}-name`}
          value={filter.id}
          onChange={(event) => {
            setFilter(offered.find((each) => each.id === event.target.value) ?? filter);
            setValue("");
            setTried(false);
          }}
        >
          {offered.map((each) => (
            <option key={each.id} value={each.id}>
              {each.label}
            </option>
          ))}
        </select>
      </div>
      <div className="field">
        <label htmlFor={`${id}-value`}>Value</label>
        {options ? (
          <select
            id={`${id}-value`}
            value={value}
            aria-invalid={tried && wrong !== null}
            aria-describedby={`${id}-error`}
            onChange={(event) => setValue(event.target.value)}
          >
            <option value="">Choose</option>
            {options.map(([each, name]) => (
              <option key={each} value={each}>
                {name}
              </option>
            ))}
          </select>
        ) : (
          <input
            id={`${id}-value`}
            value={value}
            placeholder={filter.hint}
            aria-invalid={tried && wrong !== null}
            aria-describedby={`${id}-error`}
            onChange={(event) => setValue(event.target.value)}
          />
        )}
      </div>
      <button type="submit" className="primary">
        Add
      </button>
      <button type="button" className="ghost" onClick={close}>
        Cancel
      </button>
      <span id={`${id}-error`} className="field-error" role="alert">
        {tried ? wrong : null}
      </span>
    </form>
  );
};
