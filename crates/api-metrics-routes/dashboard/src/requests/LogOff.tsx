// Shown where no log of requests is kept: how to turn it on.
import { Code } from "../ui/Code";

const CODE = `let metrics = ApiMetrics::builder()
    .embedded("metrics.db")
    .request_log(RequestLog::new())
    .start()
    .await?;`;

export const LogOff = () => (
  <section className="card first-steps" aria-label="The request log is off">
    <h2>The request log is off</h2>
    <p>
      It keeps single requests beside the counts: every error, and a sample of the rest. It is off until a service
      asks for it:
    </p>
    <Code label="Setup code" text={CODE} />
    <p className="muted">
      No body, no query value and no address in clear is stored. Errors show from the next one on; sampled requests
      follow when their minute is over.
    </p>
  </section>
);
