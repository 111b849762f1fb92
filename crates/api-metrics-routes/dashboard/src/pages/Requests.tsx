// Single requests: the list, the groups of their errors, search, and a live tail.
import { useMemo } from "react";
import { isMissing, requestsExportUrl, useRequests } from "../api/requests";
import { precise } from "../format/time";
import { Drawer } from "../requests/Drawer";
import { Groups } from "../requests/Groups";
import { LiveTail } from "../requests/LiveTail";
import { LogFigures } from "../requests/LogFigures";
import { LogOff } from "../requests/LogOff";
import { RequestTable } from "../requests/RequestTable";
import { Search } from "../requests/Search";
import { weightWords } from "../requests/words";
import { Export } from "../ui/Export";
import { SegmentedControl } from "../ui/SegmentedControl";
import { patch, useLocation } from "../view/location";
import { useView } from "../view/view";

const SHOWS = [
  ["list", "List"],
  ["groups", "Groups"],
  ["search", "Search"],
  ["tail", "Live tail"],
] as const;
type Show = (typeof SHOWS)[number][0];

const Requests = () => {
  const { params } = useLocation();
  const show: Show = SHOWS.find(([id]) => id === params.show)?.[0] ?? "list";
  return (
    <>
      <header className="page-head">
        <h1 className="sr">Requests</h1>
        <SegmentedControl
          label="Show"
          value={show}
          options={SHOWS}
          onChange={(next) => patch({ show: next === "list" ? undefined : next })}
        />
      </header>
      {show === "groups" ? <Groups /> : show === "search" ? <Search /> : show === "tail" ? <LiveTail /> : <List />}
      {params.id !== undefined && <Drawer id={params.id} close={() => patch({ id: undefined })} />}
    </>
  );
};

const List = () => {
  const view = useView();
  const { params } = useLocation();
  const requests = useRequests(view, params, true);
  const pages = requests.data?.pages;
  const rows = useMemo(() => pages?.flatMap((page) => page.data), [pages]);
  if (isMissing(requests.error)) return <LogOff />;
  const last = pages?.[pages.length - 1];
  return (
    <>
      <RequestTable
        caption="Requests"
        rows={rows}
        error={requests.error}
        retry={() => void requests.refetch()}
        stale={requests.isPlaceholderData}
        empty={
          last?.nextCursor ? "None so far: the range is not searched to its end." : "No requests match in this range."
        }
        lead={rows && rows.length > 0 && <p className="card-note muted">{weightWords(rows)}</p>}
        tools={<Export formats={["csv", "ndjson"]} url={(format) => requestsExportUrl(view, params, format)} />}
      />
      {/* Below rows that are not there yet it would be pushed away by them. */}
      {last && (
        <footer className="searched">
          <span className="muted" role="status">
            {last.nextCursor
              ? `Searched back to ${precise(Date.parse(last.searchedTo), view.tz)}`
              : "Searched to the start of the range"}
          </span>
          {last.nextCursor && (
            <button type="button" disabled={requests.isFetching} onClick={() => void requests.fetchNextPage()}>
              Load older
            </button>
          )}
        </footer>
      )}
      {last && <LogFigures />}
    </>
  );
};

export default Requests;
