// One consumer: account, traffic charts and the endpoints it calls.
import { useMemo, useState } from "react";
import { exportUrl, type Filter, useEndpoints, useKeys, useSummary } from "../api/queries";
import { Account } from "../consumers/Account";
import { consumerName } from "../format/consumer";
import { Pairs } from "../traffic/Pairs";
import { StatusCodes } from "../traffic/StatusCodes";
import { EndpointList } from "../traffic/TopLists";
import { Totals } from "../traffic/Totals";
import { TrafficCharts } from "../traffic/TrafficCharts";
import { Units } from "../traffic/Units";
import { Deferred } from "../ui/Deferred";
import { Export } from "../ui/Export";
import { Failure, isNotFound, NotFound } from "../ui/states";
import { href, useLocation } from "../view/location";
import { named, requestsHref } from "../view/requests";
import { useView } from "../view/view";

const Consumer = () => {
  const view = useView();
  const { params } = useLocation();
  const id = params.key ?? "0";
  const [ready, setReady] = useState<string | null>(null);
  const filter: Filter = useMemo(() => ({ apiKeyId: id }), [id]);
  const summary = useSummary(view, filter);
  const endpoints = useEndpoints(view, filter).data?.data;
  const key = useKeys(view, filter, 1).data?.data[0];
  return (
    <>
      <header className="page-head">
        <a href={href("consumers")} className="back">
          Consumers
        </a>
        <h1>{key ? consumerName(key) : id === "0" ? consumerName({ apiKeyId: 0 }) : `Key ${id}`}</h1>
        {key?.externalId && key.externalId !== consumerName(key) && <span className="muted">{key.externalId}</span>}
        {key?.tenantId && <span className="badge">{key.tenantId}</span>}
        <a href={requestsHref(named(filter))}>Requests</a>
        <Export url={(format) => exportUrl(view, format, filter)} />
      </header>
      {isNotFound(summary.error) ? (
        <NotFound>There is no such API key, or you may not see it.</NotFound>
      ) : (
        <>
          {summary.error && !summary.data && <Failure error={summary.error} retry={() => void summary.refetch()} />}
          <Totals summary={summary.data} />
          {id !== "0" && <Account id={id} onReady={() => setReady(id)} />}
          <Deferred ready={id === "0" || ready === id}>
            <TrafficCharts filter={filter} />
            <Units summary={summary.data} filter={filter} />
            <div className="halves">
              <EndpointList title="Endpoints called" rows={endpoints} filter={named(filter)} />
              <StatusCodes rows={endpoints} filter={named(filter)} />
            </div>
            <Pairs caption="Endpoints beside everybody else" filter={filter} without="consumer" shown={25} />
          </Deferred>
        </>
      )}
    </>
  );
};

export default Consumer;
