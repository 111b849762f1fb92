// The display name of a consumer.
interface Key {
  apiKeyId?: number | null;
  name?: string | null;
  externalId?: string | null;
}

export const consumerName = (key: Key): string =>
  key.name ??
  key.externalId ??
  (key.apiKeyId === 0 ? "Anonymous" : key.apiKeyId == null ? "New key" : `Key ${key.apiKeyId}`);
