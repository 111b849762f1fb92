// What a consumer is called, by what is known of it.
interface Key {
  apiKeyId?: number | null;
  name?: string | null;
  externalId?: string | null;
}

export const consumerName = (key: Key): string =>
  key.name ??
  key.externalId ??
  (key.apiKeyId === 0 ? "Anonymous" : key.apiKeyId == null ? "New key" : `Key ${key.apiKeyId}`);
