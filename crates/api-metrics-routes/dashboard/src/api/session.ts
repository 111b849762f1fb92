// Who is signed in, and what the page therefore offers.
import { useQuery } from "@tanstack/react-query";
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

export const useMay = (): May => {
  const { data } = useQuery({
    queryKey: ["session"],
    queryFn: ({ signal }) => call<SignedIn>("session", { signal }),
    staleTime: Number.POSITIVE_INFINITY,
    retry: (failures, error) => failures < 5 && (!(error instanceof ApiError) || error.status !== 401),
    meta: { covers: false },
  });
  return mayOf(data);
};
