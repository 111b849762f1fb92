// A request once more: asks for what was masked, and shows what differs.
import { type FormEvent, useId, useRef, useState } from "react";
import type { Difference, ReplayAnswer, ReplayInput, ReplayValue } from "../api/replay";
import { useReplay } from "../api/replay";
import { Message } from "./SnapshotMessage";

const partOf: Record<ReplayInput["part"], string> = {
  path: "Path",
  query: "Query",
  header: "Header",
  body: "Body",
};

const labelOf = ({ part, name, required }: ReplayInput): string =>
  `${partOf[part]}${name === "" ? "" : ` ${name}`}${required ? "" : " (optional)"}`;

export const Replay = ({
  id,
  inputs,
  refused,
  counted,
}: {
  id: string;
  counted: boolean;
  inputs: readonly ReplayInput[];
  refused: string | null;
}) => {
  const replay = useReplay(id);
  const form = useRef<HTMLFormElement>(null);
  const [headerName, setHeaderName] = useState("");
  const prefix = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const values: ReplayValue[] = inputs.flatMap(({ part, name }, index) => {
      const value = String(data.get(`input-${index}`) ?? "");
      return value === "" ? [] : [{ part, name, value }];
    });
    if (headerName !== "") values.push({ part: "header", name: headerName, value: String(data.get("header") ?? "") });
    // Values are used once; the form forgets them with the answer.
    replay.mutate(values, { onSuccess: () => form.current?.reset() });
  };
  return (
    <section aria-label="Replay">
      <h3>Replay</h3>
      {refused !== null ? (
        <p className="card-note muted">{`Not replayed: ${refused}.`}</p>
      ) : (
        <form ref={form} className="replay-form" autoComplete="off" onSubmit={submit}>
          <p className="muted">
            Sends the request once more, {counted ? "counted as <replay>" : "without counting or logging it"}.
          </p>
          {inputs.map((input, index) => (
            <div className="field" key={`${input.part} ${input.name}`}>
              <label htmlFor={`${prefix}-${index}`}>{labelOf(input)}</label>
              <input
                id={`${prefix}-${index}`}
                name={`input-${index}`}
                type={input.secret ? "password" : "text"}
                autoComplete={input.secret ? "new-password" : "off"}
                required={input.required}
              />
            </div>
          ))}
          <div className="field">
            <label htmlFor={`${prefix}-name`}>Other header (optional)</label>
            <input
              id={`${prefix}-name`}
              type="text"
              autoComplete="off"
              value={headerName}
              onChange={(event) => setHeaderName(event.currentTarget.value.trim())}
            />
          </div>
          <div className="field">
            <label htmlFor={`${prefix}-value`}>Its value</label>
            <input id={`${prefix}-value`} name="header" type="password" autoComplete="new-password" />
          </div>
          <button type="submit" disabled={replay.isPending}>
            {replay.isPending ? "Replaying…" : "Replay"}
          </button>
        </form>
      )}
      <div role="status">
        {replay.error && <p className="card-note field-error">{replay.error.message}</p>}
        {replay.data && <Result answer={replay.data} />}
      </div>
    </section>
  );
};

const Result = ({ answer }: { answer: ReplayAnswer }) => {
  const { recorded, replayed, diff } = answer;
  return (
    <>
      <p className="card-note">
        Status {recorded.status ?? "none"} was recorded, {replayed.status ?? "none"} is new
        {diff.statusChanged ? "" : ": the same"}.
      </p>
      <Differences name="Headers" differences={diff.headers} />
      {diff.bodyCompared ? (
        <Differences name="Body" differences={diff.body} />
      ) : (
        <p className="card-note muted">The bodies could not be compared.</p>
      )}
      {diff.bodyLeftOut > 0 && <p className="card-note muted">{diff.bodyLeftOut} more differences in the body.</p>}
      {diff.bodyPartial && <p className="card-note muted">A part of a body is missing, so that more may differ.</p>}
      {replayed.message && (
        <>
          <h4>New response</h4>
          <Message message={replayed.message} name="new response" />
        </>
      )}
    </>
  );
};

const Differences = ({ name, differences }: { name: string; differences: readonly Difference[] }) =>
  differences.length === 0 ? (
    <p className="card-note muted">{`${name}: no difference.`}</p>
  ) : (
    <>
      <h4>{name}</h4>
      <ul className="log-lines" aria-label={`Differences: ${name}`}>
        {differences.map(({ path, change, recorded, replayed }) => (
          <li key={path}>
            <span className="muted">{change}</span>
            <span className="path">{path || "all of it"}</span>
            {recorded != null && <del className="path">{recorded}</del>}
            {replayed != null && <ins className="path">{replayed}</ins>}
          </li>
        ))}
      </ul>
    </>
  );
