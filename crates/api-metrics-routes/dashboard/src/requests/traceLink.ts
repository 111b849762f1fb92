// The link to a request's trace, where the service names its tracing system.

/** A link made of the template, in which `{traceId}` and `{spanId}` stand. Nothing but http and https is a link. */
export const traceLink = (template: string | undefined, traceId: string, spanId: string | null): string | null => {
  if (!template) return null;
  const link = template
    .replaceAll("{traceId}", encodeURIComponent(traceId))
    .replaceAll("{spanId}", encodeURIComponent(spanId ?? ""));
  return /^https?:\/\//i.test(link) ? link : null;
};
