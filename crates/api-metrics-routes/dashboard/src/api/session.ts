// Who is signed in, and what the page therefore offers.
import { type QueryClient, useQuery } from "@tanstack/react-query";
import { ApiError, call } from "./client";

export type Role = "admin" | "manager" | "developer" | "viewer";

interface SignedIn {
  subject: string;
  role: Role;
  tenantId: string | null;
  /** The numbers of its API keys, where it sees no others. */
  apiKeyIds: number[] | null;
}

export interface May {
  /** Undefined until it is known. */
  role: Role | undefined;
  /** Whether it may change what belongs to it. */
  write: boolean;
  /** Whether it may see and change the state of the service. */
  operate: boolean;
  /** The one API key that it sees. */
  onlyKey: number | null;
}

/** What a role may do; until it is known, nothing that could be refused is offered. */
export const mayOf = (who: Pick<SignedIn, "role" | "apiKeyIds"> | undefined): May => ({
  role: who?.role,
  write: who?.role === "admin" || who?.role === "manager",
  operate: who?.role === "admin",
  onlyKey: who?.apiKeyIds?.length === 1 ? (who.apiKeyIds[0] ?? null) : null,
});

const KEY = ["session"] as const;

/** Who somebody is and what is seen of it, as one text: the same subject may come back with another role. */
export const identityOf = ({ subject, role, tenantId, apiKeyIds }: SignedIn): string =>
  JSON.stringify([subject, role, tenantId, apiKeyIds]);

/** Forgets what was read for somebody else. */
export const forgetOthers = (client: QueryClient, now: SignedIn): void => {
  const before = client.getQueryData<SignedIn>(KEY);
  if (before === undefined || identityOf(before) === identityOf(now)) return;
  client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEY[0] });
};

const useSession = (): SignedIn | undefined =>
  useQuery({
    queryKey: KEY,
    queryFn: async ({ client, signal }) => {
      const now = await call<SignedIn>("session", { signal });
      forgetOthers(client, now);
      return now;
    },
    staleTime: Number.POSITIVE_INFINITY,
    // Another tab may have signed in as somebody else meanwhile.
    refetchOnWindowFocus: "always",
    retry: (failures, error) => failures < 5 && (!(error instanceof ApiError) || error.status !== 401),
    meta: { covers: false },
  }).data;

export const useMay = (): May => mayOf(useSession());

/** The name of who is signed in; undefined until it is known. */
export const useSubject = (): string | undefined => useSession()?.subject;

/** Undefined until it is known. */
export const useIdentity = (): string | undefined => {
  const who = useSession();
  return who && identityOf(who);
};
