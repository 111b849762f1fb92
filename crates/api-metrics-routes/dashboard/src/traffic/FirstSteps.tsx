// Nothing has been counted in the range: perhaps nothing is connected yet.
import { useStatus } from "../api/queries";
import { precise } from "../format/time";
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
          The store does hold data; the last hand-over came {precise(last, view.tz)}.{" "}
          <button
            type="button"
            onClick={() =>
              patch({ period: "30d", from: undefined, to: undefined, service: undefined, env: undefined })
            }
          >
            Show 30 days without filters
          </button>
        </p>
      )}
      <p>
        A service is counted from the first request on, once it has the layer. What stands above <code>.layer</code>{" "}
        is counted, what stands below is not.
      </p>
      <pre tabIndex={0} aria-label="The lines to add">
        <code>{CODE}</code>
      </pre>
    </section>
  );
};
