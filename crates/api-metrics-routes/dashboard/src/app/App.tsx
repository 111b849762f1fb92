// The frame around all pages: sign-in, navigation, toolbar and live figures.
import { useQueryClient } from "@tanstack/react-query";
import { Component, type ReactNode, Suspense, useEffect, useMemo, useState } from "react";
import { hasSession, onSignedOut, signOut } from "../api/client";
import { useAlertEvents } from "../api/control";
import { useLive } from "../api/live";
import { useRefresh, useStatus } from "../api/queries";
import { useIdentity, useMay } from "../api/session";
import { HoverContext, HoverStore } from "../charts/hover";
import { Failure } from "../ui/states";
import { forgetDrafts } from "../ui/useDraft";
import { href, patch, useLocation } from "../view/location";
import { useView } from "../view/view";
import { CoverageLine } from "./CoverageLine";
import { useCoverage } from "./coverage";
import { LiveStrip } from "./LiveStrip";
import { menuOf, pageOf } from "./pages";
import { ScopeBar } from "./ScopeBar";
import { SignIn } from "./SignIn";
import { ThemeButton } from "./ThemeButton";
import { Toolbar } from "./Toolbar";

const about = document.querySelector<HTMLMetaElement>('meta[name="api-metrics"]');
const isOpenAdmin = about?.dataset.open === "true";

class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state = { error: null as unknown };
  static getDerivedStateFromError(error: unknown) {
    return { error };
  }
  override render() {
    return this.state.error ? (
      <Failure error={this.state.error} retry={() => window.location.reload()} />
    ) : (
      this.props.children
    );
  }
}

export const App = () => {
  const [out, setOut] = useState<"ended" | "left" | null>(null);
  const client = useQueryClient();
  useEffect(
    () =>
      onSignedOut((byChoice) => {
        if (byChoice) forgetDrafts();
        const ended = !byChoice && client.getQueryData(["session"]) !== undefined;
        // Several answers say so; the first one knows why.
        setOut((before) => before ?? (ended ? "ended" : "left"));
        // The next user to sign in may be a different one.
        client.clear();
      }),
    [client],
  );
  return out === null ? <SignedIn /> : <SignIn ended={out === "ended"} done={() => setOut(null)} />;
};

/** A frame for each user: nothing stays of what the one before has seen. */
const SignedIn = () => {
  const who = useIdentity();
  const [last, setLast] = useState(who);
  const [user, setUser] = useState(0);
  if (who !== undefined && who !== last) {
    setLast(who);
    if (last !== undefined) setUser(user + 1);
  }
  return <Frame key={user} who={who} />;
};

const Frame = ({ who }: { who: string | undefined }) => {
  const location = useLocation();
  const view = useView();
  const page = pageOf(location.page);
  const hover = useMemo(() => new HoverStore(), []);
  const refresh = useRefresh();
  const firing = useAlertEvents(view, { open: true }).data?.data.length ?? 0;
  const { role } = useMay();
  const live = useLive(view.refresh !== "off", who, {
    ...(view.service === null ? {} : { service: view.service }),
    ...(view.environment === null ? {} : { environment: view.environment }),
    ...view.filters,
  });

  const coverage = useCoverage();
  const store = useStatus(view).data?.store;
  const unreachable = store?.reachable === false;
  const since = unreachable && store.unreachableSince ? Date.parse(store.unreachableSince) : null;
  const stale = view.refresh !== "off" && (coverage.failure !== null || live.stale || unreachable);

  // A link says in which zone its range is read, for whoever is elsewhere.
  useEffect(() => {
    if (location.params.tz !== view.tz) patch({ tz: view.tz }, true);
  }, [location, view.tz]);

  useEffect(() => {
    // On a phone the menu is wider than the screen and scrolls.
    document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
    document.title = `${page.title} · API metrics`;
  }, [page]);

  return (
    <HoverContext value={hover}>
      {/* biome-ignore lint/a11y/useValidAnchor: the fragment holds the page's state, so focus moves by script */}
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById("main")?.focus();
        }}
      >
        Skip to content
      </a>
      <header className="top">
        <a className="brand" href={href("overview")}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <rect width="16" height="16" rx="4" />
            <path d="M3 11.5 6 7l2.5 3L13 4.5" />
          </svg>
          <span className="brand-name">API metrics</span>
        </a>
        <nav aria-label="Pages">
          {menuOf(role).map((entry) => (
            <a
              key={entry.id}
              href={href(entry.id)}
              aria-current={entry.id === page.id || entry.id === page.parent ? "page" : undefined}
            >
              {entry.title}
              {entry.id === "alerts" && firing > 0 && (
                <span className="nav-count" role="img" aria-label={`${firing} firing`}>
                  {firing}
                </span>
              )}
            </a>
          ))}
        </nav>
        <div className="top-tools">
          <ThemeButton />
          {hasSession() && (
            <button type="button" className="ghost" onClick={() => void signOut()}>
              Sign out
            </button>
          )}
        </div>
      </header>
      {isOpenAdmin && (
        <p className="notice" role="alert">
          Authentication is off: anyone can open this admin, because it was started with <code>no_auth()</code>.
        </p>
      )}
      <div className="controls">
        <Toolbar onRefresh={refresh} />
        <ScopeBar page={page} />
      </div>
      <LiveStrip live={live} />
      <CoverageLine coverage={coverage} stale={stale} unreachableSince={since} />
      <main id="main" tabIndex={-1} data-dim={stale}>
        <Boundary key={location.page}>
          <Suspense fallback={<div className="page-wait skeleton" />}>
            <page.Page />
          </Suspense>
        </Boundary>
      </main>
      <footer className="foot">
        <span>api-metrics {about?.content}</span>
        <span>Time zone: {view.tz}</span>
        <a href="reference">API reference</a>
      </footer>
    </HoverContext>
  );
};
