// What other services report: events, who may report, and what was refused.
import { isForbidden } from "../api/control";
import { useIngestTokens } from "../api/ingest";
import { isMissing } from "../api/requests";
import { DeadLetters } from "../ingest/DeadLetters";
import { Events } from "../ingest/Events";
import { Tokens } from "../ingest/Tokens";
import { useView } from "../view/view";

const Ingest = () => {
  const { error } = useIngestTokens(useView());
  // A service without ingest, or a user who is no admin, has events alone.
  const operates = !isMissing(error) && !isForbidden(error);
  return (
    <>
      <h1 className="sr">Ingest</h1>
      <Events />
      {operates && <Tokens />}
      {operates && <DeadLetters />}
    </>
  );
};

export default Ingest;
