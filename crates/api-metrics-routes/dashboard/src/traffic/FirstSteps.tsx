// Shown when the range has no requests, perhaps because no service is connected yet.
import { useStatus } from "../api/queries";
import { precise } from "../format/time";
import { Code } from "../ui/Code";
import { patch } from "../view/location";
import { useView } from "../view/view";

const CODE = `let metrics = ApiMetrics::builder().embedded("metrics.db").start().await?;
let app = Router::new()
    .route("/users/{id}", get(user))
    .layer(metrics.layer())
    .nest_service("/admin", metrics.admin());`;

export const FirstSteps = () => {
  const view = useView();
  const status = useStatus(view);
  const last = status.data?.instances
    .flatMap((i) => (i.lastFlushAt ? [Date.parse(i.lastFlushAt)] : []))
    .sort((a, b) => b - a)[0];
  return (
    <section className="card first-steps" aria-label="No requests">
      <h2>No requests in this range</h2>
      {last !== undefined && status.data?.store.series !== 0 && (
        <p>
          The store has data. The last flush was on {precise(last, view.tz)}.{" "}
          <button
            type="button"
            onClick={() =>
              patch({ period: "30d", from: undefined, to: undefined, service: undefined, env: undefined })
            }
          >
            Show the last 30 days without filters
          </button>
        </p>
      )}
      <p>
        Requests are counted as soon as the service has the layer. Routes added above <code>.layer</code> are counted,
        routes added below it are not.
      </p>
      <Code label="Setup code" text={CODE} />
    </section>
  );
};
