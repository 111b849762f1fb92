// The list of pages. Each page except the overview is loaded when it is first opened.
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import { Overview } from "../pages/Overview";

interface Entry {
  id: string;
  title: string;
  menu: boolean;
  parent?: string;
  Page: ComponentType | LazyExoticComponent<ComponentType>;
}

export const PAGES: readonly Entry[] = [
  { id: "overview", title: "Overview", menu: true, Page: Overview },
  { id: "endpoints", title: "Endpoints", menu: true, Page: lazy(() => import("../pages/Endpoints")) },
  {
    id: "endpoint",
    title: "Endpoint",
    menu: false,
    parent: "endpoints",
    Page: lazy(() => import("../pages/Endpoint")),
  },
  { id: "dependencies", title: "Depends on", menu: true, Page: lazy(() => import("../pages/Dependencies")) },
  { id: "consumers", title: "Consumers", menu: true, Page: lazy(() => import("../pages/Consumers")) },
  {
    id: "consumer",
    title: "Consumer",
    menu: false,
    parent: "consumers",
    Page: lazy(() => import("../pages/Consumer")),
  },
  { id: "requests", title: "Requests", menu: true, Page: lazy(() => import("../pages/Requests")) },
  { id: "heatmap", title: "Heatmap", menu: true, Page: lazy(() => import("../pages/Heatmap")) },
  { id: "limits", title: "Rate limits", menu: true, Page: lazy(() => import("../pages/RateLimits")) },
  { id: "alerts", title: "Alerts", menu: true, Page: lazy(() => import("../pages/Alerts")) },
  { id: "jobs", title: "Jobs", menu: true, Page: lazy(() => import("../pages/Jobs")) },
  { id: "incident", title: "Incident", menu: false, parent: "alerts", Page: lazy(() => import("../pages/Incident")) },
  { id: "ingest", title: "Ingest", menu: true, Page: lazy(() => import("../pages/Ingest")) },
  { id: "billing", title: "Billing", menu: true, Page: lazy(() => import("../pages/Billing")) },
  { id: "status", title: "Status", menu: true, Page: lazy(() => import("../pages/Status")) },
];

/** The page of a path, whose first part names it. */
export const pageOf = (path: string): Entry =>
  PAGES.find((entry) => entry.id === path.split("/")[0]) ?? (PAGES[0] as Entry);
