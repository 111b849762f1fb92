// One route: the same charts, its status codes.
import { useMemo } from "react";
import { type Filter, exportUrl, useEndpoints, useKeys, useSummary } from "../api/queries";
import { href, useLocation } from "../app/location";
import { useView } from "../app/view";
import { FourCharts } from "../charts/FourCharts";
import { Export } from "../ui/Export";
import { Route } from "../ui/Label";
import { KeyList } from "../ui/Lists";
import { StatusCodes } from "../ui/StatusCodes";
import { Totals } from "../ui/Totals";
import { Failure } from "../ui/states";

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
        <a href={href("endpoints", { service: undefined })} className="back">Endpoints</a>
        <h1><Route method={method} endpoint={endpoint} /></h1>
        {view.service && <span className="muted">{view.service}</span>}
        <Export url={(format) => exportUrl(view, format, filter)} />
      </header>
      {summary.error && !summary.data && <Failure error={summary.error} retry={() => void summary.refetch()} />}
      <Totals summary={summary.data} endpoint />
      <FourCharts filter={filter} />
      <div className="halves">
        <StatusCodes rows={row} />
        <KeyList title="Top consumers" rows={keys} />
      </div>
    </>
  );
};

export default Endpoint;
