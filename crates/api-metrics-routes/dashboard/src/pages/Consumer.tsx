// One API key: what it asks for and how that goes.
import { useMemo, useState } from "react";
import { type Filter, exportUrl, useEndpoints, useKeys, useSummary } from "../api/queries";
import { href, useLocation } from "../app/location";
import { useView } from "../app/view";
import { FourCharts } from "../charts/FourCharts";
import { Account } from "../ui/Account";
import { Below } from "../ui/Below";
import { Export } from "../ui/Export";
import { keyName } from "../ui/KeyName";
import { EndpointList } from "../ui/Lists";
import { StatusCodes } from "../ui/StatusCodes";
import { Totals } from "../ui/Totals";
import { Failure } from "../ui/states";

const Consumer = () => {
  const view = useView();
  const { params } = useLocation();
  const id = params.key ?? "0";
  const [known, setKnown] = useState<string | null>(null);
  const filter: Filter = useMemo(() => ({ apiKeyId: id }), [id]);
  const summary = useSummary(view, filter);
  const endpoints = useEndpoints(view, filter).data?.data;
  const key = useKeys(view, filter, 1).data?.data[0];
  return (
    <>
      <header className="page-head">
        <a href={href("consumers")} className="back">Consumers</a>
        <h1>{key ? keyName(key) : id === "0" ? keyName({ apiKeyId: 0 }) : `key ${id}`}</h1>
        {key?.externalId && key.externalId !== keyName(key) && <span className="muted">{key.externalId}</span>}
        {key?.tenantId && <span className="badge">{key.tenantId}</span>}
        <Export url={(format) => exportUrl(view, format, filter)} />
      </header>
      {summary.error && !summary.data && <Failure error={summary.error} retry={() => void summary.refetch()} />}
      <Totals summary={summary.data} />
      {id !== "0" && <Account id={id} known={() => setKnown(id)} />}
      <Below ready={id === "0" || known === id}>
        <FourCharts filter={filter} />
        <div className="halves">
          <EndpointList title="What it asks for" rows={endpoints} />
          <StatusCodes rows={endpoints} />
        </div>
      </Below>
    </>
  );
};

export default Consumer;
