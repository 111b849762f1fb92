// One endpoint: traffic charts, status codes and top consumers.
import { useMemo } from "react";
import { exportUrl, type Filter, useEndpoints, useKeys, useSummary } from "../api/queries";
import { Pairs } from "../traffic/Pairs";
import { StatusCodes } from "../traffic/StatusCodes";
import { KeyList } from "../traffic/TopLists";
import { Totals } from "../traffic/Totals";
import { TrafficCharts } from "../traffic/TrafficCharts";
import { Units } from "../traffic/Units";
import { Export } from "../ui/Export";
import { Route } from "../ui/Route";
import { Failure, isNotFound, NotFound } from "../ui/states";
import { href, useLocation } from "../view/location";
import { requestsHref } from "../view/requests";
import { useView } from "../view/view";

const Endpoint = () => {
  const view = useView();
  const { params } = useLocation();
  const { method = "", endpoint = "" } = params;
  const filter: Filter = useMemo(() => ({ method, endpoint }), [method, endpoint]);
  const summary = useSummary(view, filter);
  const row = useEndpoints(view, filter).data?.data;
  const keys = useKeys(view, filter, 1).data?.data;
  return (
    <>
      <header className="page-head">
        <a href={href("endpoints", { service: undefined })} className="back">
          Endpoints
        </a>
        <h1>
          <Route method={method} endpoint={endpoint} />
        </h1>
        {view.service && <span className="muted">{view.service}</span>}
        <a href={requestsHref(filter)}>Requests</a>
        <Export url={(format) => exportUrl(view, format, filter)} />
      </header>
      {isNotFound(summary.error) ? (
        <NotFound>Nothing has been recorded for this endpoint.</NotFound>
      ) : (
        <>
          {summary.error && !summary.data && <Failure error={summary.error} retry={() => void summary.refetch()} />}
          <Totals summary={summary.data} endpoint />
          <TrafficCharts filter={filter} />
          <Units summary={summary.data} filter={filter} />
          <div className="halves">
            <StatusCodes rows={row} filter={filter} />
            <KeyList title="Top consumers" rows={keys} filter={filter} />
          </div>
          <Pairs caption="Consumers beside everybody else" filter={filter} without="endpoint" shown={25} />
        </>
      )}
    </>
  );
};

export default Endpoint;
