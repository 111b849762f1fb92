// What other services report: events, who may report, and what was refused.
import { isForbidden } from "../api/control";
import { useIngestTokens } from "../api/ingest";
import { isMissing } from "../api/requests";
import { DeadLetters } from "../ingest/DeadLetters";
import { Events, useEvents } from "../ingest/Events";
import { Tokens } from "../ingest/Tokens";
import { useView } from "../view/view";

const Ingest = () => {
  const view = useView();
  const { error, isPending } = useIngestTokens(view);
  const events = useEvents(view);
  // A service without ingest, or a user who is no admin, has events alone.
  const operates = !isMissing(error) && !isForbidden(error);
  // What stands above must not push the rest down when it arrives.
  const placed = operates && !isPending && !events.isPending;
  return (
    <>
      <h1 className="sr">Ingest</h1>
      <Events />
      {operates && !placed && <div aria-busy="true" />}
      {placed && <Tokens />}
      {placed && <DeadLetters />}
    </>
  );
};

export default Ingest;
