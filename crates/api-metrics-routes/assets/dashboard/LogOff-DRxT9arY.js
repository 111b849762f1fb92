import{O as e}from"./index-BtBRiUPC.js";import{C as t,S as n}from"./number-rsm0vKdX.js";var r=`let metrics = ApiMetrics::builder()
    .embedded("metrics.db")
    .request_log(RequestLog::new())
    .start()
    .await?;`,i=()=>t(`section`,{className:`card first-steps`,"aria-label":`The request log is off`,children:[n(`h2`,{children:`The request log is off`}),n(`p`,{children:`It keeps single requests beside the counts: every error, and a sample of the rest. It is off until a service asks for it:`}),n(e,{label:`Setup code`,text:r}),n(`p`,{className:`muted`,children:`No body, no query value and no address in clear is stored. Errors show from the next one on; sampled requests follow when their minute is over.`})]});export{i as t};