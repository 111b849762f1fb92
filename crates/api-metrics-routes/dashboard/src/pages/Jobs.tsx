// Work in the background: the services' jobs, the runs of one of them, and this crate's own tasks.
import { useState } from "react";
import { isForbidden } from "../api/control";
import { useJobs } from "../api/jobs";
import { isMissing } from "../api/requests";
import type { Job } from "../api/types";
import { JobTable } from "../jobs/JobTable";
import { Runs } from "../jobs/Runs";
import { Tasks } from "../jobs/Tasks";
import { Empty } from "../ui/states";
import { useView } from "../view/view";

const Jobs = () => {
  const { error, isPending } = useJobs(useView());
  const [shown, setShown] = useState<Job | null>(null);
  if (isMissing(error)) return <Empty>Jobs are kept where there is a control plane.</Empty>;
  if (isForbidden(error)) return <Empty>Jobs are for admins.</Empty>;
  return (
    <>
      <h1 className="sr">Jobs</h1>
      <JobTable show={setShown} />
      {shown && <Runs key={shown.id} job={shown} close={() => setShown(null)} />}
      {/* Once it is known how high the table above is: what stands there must not move. */}
      {isPending ? <div aria-busy="true" /> : <Tasks />}
    </>
  );
};

export default Jobs;
