// Search: by words, by likeness, or both.
import { type FormEvent, useMemo, useState } from "react";
import { isMissing, MODES, type SearchMode, useSearch } from "../api/requests";
import type { RequestHit } from "../api/types";
import * as number from "../format/number";
import { stamp } from "../format/time";
import { SegmentedControl } from "../ui/SegmentedControl";
import { Empty } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { href, patch, useLocation } from "../view/location";
import { useView } from "../view/view";
import { LogOff } from "./LogOff";
import { Ending, openRequest, RequestText } from "./RequestTable";

const NAMES: Readonly<Record<SearchMode, string>> = { hybrid: "Both", words: "Words", similar: "Similar" };
const MATCHED: Readonly<Record<string, string>> = { words: "words", similar: "similar", both: "words, similar" };

const modeOf = (text: string | undefined): SearchMode => MODES.find((mode) => mode === text) ?? "hybrid";

export const Search = () => {
  const view = useView();
  const { params } = useLocation();
  const q = params.q ?? "";
  const mode = modeOf(params.mode);
  const found = useSearch(view, params, q, mode);
  const columns = useMemo(
    (): Column<RequestHit>[] => [
      {
        id: "at",
        head: "Latest",
        cell: ({ request }) => (
          <button type="button" className="link time" onClick={() => openRequest(request.id)}>
            {stamp(Date.parse(request.at), view.tz)}
          </button>
        ),
      },
      { id: "status", head: "Status", cell: ({ request }) => <Ending row={request} /> },
      { id: "request", head: "Request", cell: ({ request }) => <RequestText row={request} /> },
      {
        id: "requests",
        head: "Requests",
        number: true,
        title: "With those that the kept ones stand for",
        cell: (hit) =>
          hit.group == null ? (
            number.count(hit.requests)
          ) : (
            <a
              href={href("requests", { ...params, show: undefined, q: undefined, mode: undefined, group: hit.group })}
              aria-label={`All ${number.count(hit.requests)} of this group`}
            >
              {number.count(hit.requests)}
            </a>
          ),
      },
      { id: "matched", head: "Found by", wide: 1, cell: (hit) => MATCHED[hit.matched] ?? hit.matched },
      {
        id: "score",
        head: "Score",
        number: true,
        wide: 2,
        title: "Comparable within this answer alone",
        cell: (hit) => number.fixed(hit.score, 2),
      },
    ],
    [params, view.tz],
  );
  if (isMissing(found.error)) return <LogOff />;
  return (
    <>
      <Question key={q} q={q} mode={mode} />
      {q === "" ? (
        <section className="card" aria-label="Found requests">
          <Empty>
            Words are looked for in paths, messages, agents and log lines. Similar errors are found by how they are
            written.
          </Empty>
        </section>
      ) : (
        <Table
          caption="Found requests"
          columns={columns}
          rows={found.data?.data}
          idOf={(hit) => hit.request.id}
          error={found.error}
          retry={() => void found.refetch()}
          stale={found.isPlaceholderData}
          start={{ id: "score", down: true }}
          empty="Nothing was found in this range."
        />
      )}
    </>
  );
};

const Question = ({ q, mode }: { q: string; mode: SearchMode }) => {
  const [text, setText] = useState(q);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    patch({ q: text.trim() || undefined });
  };
  return (
    <form className="question" role="search" aria-label="Search requests" onSubmit={submit}>
      <input
        type="search"
        aria-label="Search for"
        placeholder="ledger locked"
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="primary">
        Search
      </button>
      <SegmentedControl
        label="Search by"
        value={mode}
        options={MODES.map((each) => [each, NAMES[each]] as const)}
        onChange={(next) => patch({ mode: next === "hybrid" ? undefined : next })}
      />
    </form>
  );
};
