// Notices that could not be delivered. Shown only if there are any.
import { useAlertWrites, useDeliveries } from "../api/control";
import { useMay } from "../api/session";
import { precise } from "../format/time";
import { useView } from "../view/view";

export const FailedDeliveries = () => {
  const view = useView();
  const dead = useDeliveries(view, useMay().operate).data?.data ?? [];
  const { redeliver } = useAlertWrites();
  if (dead.length === 0) return null;
  return (
    <section className="card" aria-label="Failed deliveries">
      <header className="card-head">
        <h2>Failed deliveries</h2>
        <span className="muted">{dead.length}</span>
      </header>
      <div className="scroll-x" tabIndex={0} role="region" aria-label="Failed deliveries, scrollable">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">Channel</th>
              <th scope="col">Message</th>
              <th scope="col">Error</th>
              <th scope="col" className="num">
                Attempts
              </th>
              <th scope="col" className="num">
                Last attempt
              </th>
              <th scope="col">
                <span className="sr">Actions</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {dead.map((each) => (
              <tr key={`${each.notice.id} ${each.channel}`}>
                <td>{each.channel}</td>
                <td>{each.notice.message}</td>
                <td className="path">{each.lastError}</td>
                <td className="num">{each.attempts}</td>
                <td className="num">{precise(Date.parse(each.updatedAt), view.tz)}</td>
                <td className="num">
                  <button
                    type="button"
                    disabled={redeliver.isPending}
                    onClick={() => redeliver.mutate({ noticeId: each.notice.id, channel: each.channel })}
                  >
                    Retry
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
};
