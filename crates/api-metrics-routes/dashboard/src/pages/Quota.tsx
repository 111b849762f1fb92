// What a consumer may use and has used: rate limit, quota and current bill of each of its API keys.
import { useApiKeys } from "../api/control";
import { Account } from "../consumers/Account";
import { consumerName } from "../format/consumer";
import { Empty, Failure } from "../ui/states";

const Quota = () => {
  const keys = useApiKeys();
  const rows = keys.data?.data;
  if (keys.error && !rows) return <Failure error={keys.error} retry={() => void keys.refetch()} />;
  return (
    <>
      <h1 className="sr">Quota</h1>
      {!rows && <div className="page-wait skeleton" />}
      {rows?.length === 0 && <Empty>None of your API keys has been used yet.</Empty>}
      {rows?.map((key) => (
        <section key={key.id} className="stack" aria-label={`Quota of ${key.name ?? key.externalId}`}>
          {rows.length > 1 && (
            <h2>{consumerName({ apiKeyId: key.id, name: key.name ?? null, externalId: key.externalId })}</h2>
          )}
          <Account id={String(key.id)} onReady={() => undefined} />
        </section>
      ))}
    </>
  );
};

export default Quota;
