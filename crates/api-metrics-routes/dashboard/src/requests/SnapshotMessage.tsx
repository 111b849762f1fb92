// What was kept of a request or a response: its headers and its body.
import type { Pair, SnapshotBody, SnapshotMessage } from "../api/replay";
import * as number from "../format/number";
import { Code } from "../ui/Code";
import { DescriptionList } from "../ui/DescriptionItem";

export const facts = (pairs: readonly Pair[]): (readonly [string, string])[] =>
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
      <Code className="command body" label={label} text={body.kind === "json" ? pretty(body.text) : body.text} />
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
