// The API client: relative URLs, the session's CSRF token on writes, RFC 9457 problems as errors.

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail?: string;
  parameter?: string;
}

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | null,
    readonly retryAfter: number | null,
  ) {
    super(problem?.detail ?? problem?.title ?? (status === 0 ? "The service is not responding" : `HTTP ${status}`));
    this.name = "ApiError";
  }
}

const csrf = (): string => {
  const pair = document.cookie.split("; ").find((cookie) => cookie.startsWith("api_metrics_csrf="));
  return pair ? pair.slice("api_metrics_csrf=".length) : "";
};

/** Whether this browser has a session to sign out of. */
export const hasSession = (): boolean => csrf() !== "";

/** `byChoice` where the user has signed out; else the session has ended. */
type SignedOutListener = (byChoice: boolean) => void;

const signedOut = new Set<SignedOutListener>();

/** Whether the user is signing out: other answers may say so before that one. */
let leaving = false;

const tellSignedOut = (): void => {
  for (const listener of signedOut) listener(leaving);
};

/** Calls `listener` when the API answers 401, and when the user signs out. Returns a function that unsubscribes. */
export const onSignedOut = (listener: SignedOutListener): (() => void) => {
  signedOut.add(listener);
  return () => signedOut.delete(listener);
};

export const urlOf = (path: string, params: Record<string, string> = {}): string => {
  const query = new URLSearchParams(params).toString();
  return `${path}${query ? `?${query}` : ""}`;
};

interface Options {
  method?: string;
  body?: unknown;
  signal?: AbortSignal | undefined;
  /** A 401 is returned as an error and does not show the sign-in page. */
  quiet?: boolean;
}

export const call = async <T>(
  path: string,
  { method = "GET", body, signal, quiet = false }: Options = {},
): Promise<T> => {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET") headers["x-csrf-token"] = csrf();
  let answer: Response;
  try {
    answer = await fetch(path, {
      method,
      headers,
      credentials: "same-origin",
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, null, null);
  }
  if (answer.ok) return (answer.status === 204 ? undefined : await answer.json()) as T;
  let problem: Problem | null = null;
  try {
    problem = (await answer.json()) as Problem;
  } catch {
    // The answer is not the service's own, such as a proxy's error page.
  }
  if (answer.status === 401 && !quiet) tellSignedOut();
  const after = Number(answer.headers.get("retry-after"));
  throw new ApiError(answer.status, problem, Number.isFinite(after) && after > 0 ? after : null);
};

export const signIn = (token: string): Promise<unknown> =>
  call("session", { method: "POST", body: { token }, quiet: true });

export const signOut = async (): Promise<void> => {
  leaving = true;
  try {
    await call("session", { method: "DELETE", quiet: true }).catch((error: unknown) => {
      // A session that is over already needs no end.
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    });
    tellSignedOut();
  } finally {
    leaving = false;
  }
};
