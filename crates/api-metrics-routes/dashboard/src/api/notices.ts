// Queries and writes of channels and silences.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { View } from "../view/view";
import { call } from "./client";
import type { ChannelList, Delivery, DeliveryPage, NewSilence, Silence, SilenceList } from "./types";

const interval = (view: View): number | false => (view.refresh === "off" ? false : 30_000);

/** Where notices go; for admins. */
export const useChannels = (view: View, enabled: boolean) =>
  useQuery({
    enabled,
    queryKey: ["channels"],
    queryFn: async ({ signal }) => (await call<ChannelList>("api-alerts/channels", { signal })).data,
    refetchInterval: interval(view),
    retry: false,
    placeholderData: keepPreviousData,
  });

/** Whether nothing became of a test yet. */
export const isUnderWay = (test: Delivery | undefined): boolean =>
  test === undefined || (test.status === "pending" && test.lastError == null);

/** The delivery of a test, until something became of it; other notices of its channel don't matter. */
export const useTestOutcome = (test: string | null) => {
  const client = useQueryClient();
  return useQuery({
    enabled: test !== null,
    queryKey: ["deliveries", test],
    queryFn: async ({ signal }) => {
      const path = `api-alerts/deliveries?status=all&noticeId=${test}`;
      const [delivery] = (await call<DeliveryPage>(path, { signal })).data;
      if (!isUnderWay(delivery)) void client.invalidateQueries({ queryKey: ["channels"] });
      return delivery ?? null;
    },
    // A test is delivered within seconds.
    refetchInterval: ({ state }) => (isUnderWay(state.data ?? undefined) ? 1_000 : false),
    retry: false,
  });
};

export const useChannelTest = () => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (channel: string) =>
      call<{ noticeId: string }>("api-alerts/channels/test", { method: "POST", body: { channel } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["channels"] }),
  });
};

/** Switches off whether notices go to a channel, or on again. */
export const useChannelMute = () => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: { channel: string; muted: boolean }) => call("api-alerts/channels", { method: "PATCH", body }),
    onSettled: async () => {
      await Promise.all(["channels", "audit"].map((key) => client.invalidateQueries({ queryKey: [key] })));
    },
  });
};

export const useSilences = (view: View) =>
  useQuery({
    queryKey: ["silences"],
    queryFn: async ({ signal }) => (await call<SilenceList>("api-alerts/silences", { signal })).data,
    refetchInterval: interval(view),
    placeholderData: keepPreviousData,
  });

export const useSilenceWrites = () => {
  const client = useQueryClient();
  const onSettled = () => client.invalidateQueries({ queryKey: ["silences"] });
  return {
    create: useMutation({
      mutationFn: (body: NewSilence) => call<Silence>("api-alerts/silences", { method: "POST", body }),
      onSettled,
    }),
    end: useMutation({
      mutationFn: (id: number) => call(`api-alerts/silences/${id}`, { method: "DELETE" }),
      onSettled,
    }),
  };
};
