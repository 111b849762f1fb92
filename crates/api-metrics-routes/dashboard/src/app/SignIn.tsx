// Shown when the API answers 401.
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { signIn } from "../api/client";

export const SignIn = ({ ended, done }: { ended: boolean; done: () => void }) => {
  const field = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const client = useQueryClient();
  useEffect(() => {
    document.title = "Sign in · API metrics";
    field.current?.focus();
  }, []);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      await signIn(field.current?.value ?? "");
      client.clear();
      done();
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
      field.current?.select();
    } finally {
      setBusy(false);
    }
  };

  return (
    <main className="sign-in">
      <form className="card" onSubmit={(event) => void submit(event)}>
        <h1>API metrics</h1>
        {ended && <p role="status">You were signed out. What you had typed and the view are kept.</p>}
        <p className="muted">
          Use the admin token that the service was configured with, or the one it printed on its first start.
        </p>
        <label htmlFor="token">Admin token</label>
        <input
          ref={field}
          id="token"
          name="token"
          type="password"
          autoComplete="current-password"
          required
          aria-invalid={error !== null}
          aria-describedby="sign-in-error"
        />
        <p id="sign-in-error" className="field-error" role="alert">
          {error}
        </p>
        <button type="submit" className="primary" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
    </main>
  );
};
