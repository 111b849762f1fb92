// What a request and its response carried: headers, the query and bodies, masked.
import { useSnapshot } from "../api/replay";
import { useMay } from "../api/session";
import { DescriptionList } from "../ui/DescriptionItem";
import { Replay } from "./Replay";
import { facts, Message } from "./SnapshotMessage";

/** The snapshot of a request and its replay, for admins; nothing for others. */
export const Snapshot = ({ id }: { id: string }) => {
  const answer = useSnapshot(id, useMay().operate);
  if (!answer.data) return null;
  const { snapshot, replay } = answer.data;
  return (
    <>
      {snapshot && (
        <section aria-label="Snapshot">
          <h3>Snapshot</h3>
          {snapshot.isDropped && (
            <p className="card-note muted">There was no memory for all of it when it was taken.</p>
          )}
          {snapshot.query && snapshot.query.length > 0 && (
            <>
              <h4>Query</h4>
              <DescriptionList facts={facts(snapshot.query)} />
            </>
          )}
          <h4>Request</h4>
          <Message message={snapshot.request} name="request" />
          <h4>Response</h4>
          <Message message={snapshot.response} name="response" />
        </section>
      )}
      {replay.available && (
        <Replay id={id} inputs={replay.inputs} refused={replay.refused ?? null} counted={replay.counted} />
      )}
    </>
  );
};
