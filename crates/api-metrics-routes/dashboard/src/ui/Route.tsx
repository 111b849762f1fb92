// A method and its route. Routes come from requests and are only ever rendered as text.
export const Route = ({ method, endpoint }: { method: string; endpoint: string }) => (
  <span className="route">
    <span className="method" data-method={method}>
      {method === "_OTHER" ? "other" : method}
    </span>
    <span className="endpoint" title={endpoint}>
      {endpoint === "<unmatched>" ? (
        <i>no matching route</i>
      ) : endpoint === "<other>" ? (
        <i>other endpoints</i>
      ) : (
        endpoint
      )}
    </span>
  </span>
);

/** An error rate: amber from 2%, red from 5%. */
export const Rate = ({ value, text }: { value: number | null | undefined; text: string }) => (
  <span className="rate" data-level={value == null || value < 2 ? "fine" : value < 5 ? "some" : "bad"}>
    {text}
  </span>
);
