// What alert rules add to charts: their thresholds, and the times at which they fired.
import { useMemo } from "react";
import { useAlertEvents, useAlerts } from "../api/control";
import type { Alert } from "../api/types";
import type { Mark, Threshold } from "../charts/model";
import { ms } from "../format/number";
import { useView } from "../view/view";
import { concerns, matchesExactly, quantileOf, type Scope } from "./alertScope";

/** "p95 over 600 ms" */
const thresholdText = (rule: Alert): string =>
  `${quantileOf(rule)} ${rule.comparison.startsWith("g") ? "over" : "under"} ${ms(rule.thresholdValue)}`;

export const useAlertOverlay = ({
  service,
  environment,
  method,
  endpoint,
  key,
}: Scope): { thresholds: Threshold[]; marks: Mark[] } => {
  const view = useView();
  const rules = useAlerts(view).data?.data;
  const events = useAlertEvents(view).data?.data;
  return useMemo(() => {
    const watched = { service, environment, method, endpoint, key };
    const thresholds = (rules ?? [])
      .filter((rule) => rule.enabled && rule.alertType === "response_time" && matchesExactly(rule, watched))
      .map((rule) => ({
        value: rule.thresholdValue,
        name: `${rule.name}: ${thresholdText(rule)}`,
      }));
    const marks = (events ?? [])
      .filter((event) =>
        concerns(
          rules?.find((rule) => rule.id === event.alertId),
          watched,
        ),
      )
      .map((event): Mark => ({ at: Date.parse(event.firedAt), name: event.name, kind: "alert" }));
    return { thresholds, marks };
  }, [rules, events, service, environment, method, endpoint, key]);
};
