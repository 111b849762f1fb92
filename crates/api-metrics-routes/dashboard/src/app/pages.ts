// The list of pages. Each page except the overview is loaded when it is first opened.
import { type ComponentType, type LazyExoticComponent, lazy } from "react";
import type { Role } from "../api/session";
import { Overview } from "../pages/Overview";
import { type PageId, pageIdOf } from "../view/applied";

interface Entry {
  id: PageId;
  title: string;
  menu: boolean;
  parent?: string;
  /** In the menu of consumers, who see what is their own, under this title. */
  consumer?: string;
  /** Only for who operates the service. */
  operate?: boolean;
  /** Whether it compares ranges, and with what unless the URL says; null for nothing. */
  compares?: string | null;
  Page: ComponentType | LazyExoticComponent<ComponentType>;
}

export const PAGES: readonly Entry[] = [
  {
    id: "overview",
    title: "Overview",
    menu: true,
    consumer: "Usage",
    compares: null,
    Page: Overview,
  },
  {
    id: "endpoints",
    title: "Endpoints",
    menu: true,
    consumer: "Endpoints",
    Page: lazy(() => import("../pages/Endpoints")),
  },
  {
    id: "endpoint",
    title: "Endpoint",
    menu: false,
    parent: "endpoints",
    compares: null,
    Page: lazy(() => import("../pages/Endpoint")),
  },
  {
    id: "unmatched",
    title: "Unmatched",
    menu: false,
    parent: "endpoints",
    Page: lazy(() => import("../pages/Unmatched")),
  },
  {
    id: "changes",
    title: "Changes",
    menu: true,
    compares: "week",
    Page: lazy(() => import("../pages/Changes")),
  },
  {
    id: "releases",
    title: "Releases",
    menu: true,
    operate: true,
    Page: lazy(() => import("../pages/Releases")),
  },
  {
    id: "coverage",
    title: "Coverage",
    menu: false,
    parent: "endpoints",
    operate: true,
    Page: lazy(() => import("../pages/Coverage")),
  },
  {
    id: "dependencies",
    title: "Depends on",
    menu: true,
    Page: lazy(() => import("../pages/Dependencies")),
  },
  {
    id: "consumers",
    title: "Consumers",
    menu: true,
    Page: lazy(() => import("../pages/Consumers")),
  },
  {
    id: "consumer",
    title: "Consumer",
    menu: false,
    parent: "consumers",
    compares: null,
    Page: lazy(() => import("../pages/Consumer")),
  },
  {
    id: "requests",
    title: "Requests",
    menu: true,
    consumer: "Requests",
    Page: lazy(() => import("../pages/Requests")),
  },
  { id: "heatmap", title: "Heatmap", menu: true, Page: lazy(() => import("../pages/Heatmap")) },
  {
    id: "limits",
    title: "Limits",
    menu: true,
    Page: lazy(() => import("../pages/Limits")),
  },
  {
    id: "keys",
    title: "API keys",
    menu: false,
    parent: "consumers",
    Page: lazy(() => import("../pages/Keys")),
  },
  {
    id: "account",
    title: "Quota",
    menu: false,
    consumer: "Quota",
    Page: lazy(() => import("../pages/Quota")),
  },
  { id: "alerts", title: "Alerts", menu: true, Page: lazy(() => import("../pages/Alerts")) },
  { id: "objectives", title: "Objectives", menu: true, Page: lazy(() => import("../pages/Objectives")) },
  { id: "jobs", title: "Jobs", menu: true, operate: true, Page: lazy(() => import("../pages/Jobs")) },
  {
    id: "incident",
    title: "Incident",
    menu: false,
    parent: "alerts",
    Page: lazy(() => import("../pages/Incident")),
  },
  {
    id: "ingest",
    title: "Ingest",
    menu: true,
    operate: true,
    Page: lazy(() => import("../pages/Ingest")),
  },
  {
    id: "billing",
    title: "Billing",
    menu: true,
    consumer: "Bill",
    Page: lazy(() => import("../pages/Billing")),
  },
  {
    id: "bill",
    title: "Bill",
    menu: false,
    parent: "billing",
    Page: lazy(() => import("../pages/Bill")),
  },
  {
    id: "status",
    title: "Status",
    menu: true,
    operate: true,
    Page: lazy(() => import("../pages/Status")),
  },
];

/** The menu of a role, with the titles that it has there; none until the role is known. */
export const menuOf = (role: Role | undefined): readonly { id: string; title: string }[] => {
  if (role === undefined) return [];
  if (role === "viewer")
    return PAGES.flatMap(({ id, consumer }) => (consumer === undefined ? [] : [{ id, title: consumer }]));
  return PAGES.filter(({ menu, operate }) => menu && (!operate || role === "admin"));
};

/** The page of a path, whose first part names it. */
export const pageOf = (path: string): Entry =>
  PAGES.find((entry) => entry.id === pageIdOf(path)) ?? (PAGES[0] as Entry);
