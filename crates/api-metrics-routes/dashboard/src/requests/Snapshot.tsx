// What a request and its response carried: headers, the query and bodies, masked.
import type { Pair, SnapshotBody, SnapshotMessage } from "../api/replay";
import { useSnapshot } from "../api/replay";
import * as number from "../format/number";
import { DescriptionList } from "../ui/DescriptionItem";
import { Replay } from "./Replay";

const facts = (pairs: readonly Pair[]): (readonly [string, string])[] =>
  pairs.map(({ name, value }) => [name, value]);

/** JSON with a member a line; what is none stays as it is. */
const pretty = (text: string): string => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

const noteOf = (body: SnapshotBody): string => {
  const size = number.bytes(body.bytes);
  if (body.isEncoded) return `${size}, compressed and therefore not kept`;
  if (body.kind === "not_kept") return `${size} of ${body.contentType || "an unknown type"}, not kept`;
  return body.isCut ? `${size}, of which the beginning was kept` : size;
};

const Body = ({ body, label }: { body: SnapshotBody; label: string }) => (
  <>
    <p className="card-note muted">{noteOf(body)}</p>
    {body.fields && <DescriptionList facts={facts(body.fields)} />}
    {body.text != null && (
      <pre className="command body" tabIndex={0} role="region" aria-label={label}>
        <code>{body.kind === "json" ? pretty(body.text) : body.text}</code>
      </pre>
    )}
  </>
);

export const Message = ({ message, name }: { message: SnapshotMessage; name: string }) => (
  <>
    {message.headers.length > 0 && <DescriptionList facts={facts(message.headers)} />}
    {message.body ? (
      <Body body={message.body} label={`Body of the ${name}`} />
    ) : (
      <p className="card-note muted">No body.</p>
    )}
  </>
);

/** The snapshot of a request and its replay, for admins; nothing for others. */
export const Snapshot = ({ id }: { id: string }) => {
  const answer = useSnapshot(id);
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
      {replay.available && <Replay id={id} inputs={replay.inputs} refused={replay.refused ?? null} />}
    </>
  );
};
