// Queries and writes of channels and silences.
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { View } from "../view/view";
import { call } from "./client";
import type { Channel, ChannelList, NewSilence, Silence, SilenceList } from "./types";

const interval = (view: View): number | false => (view.refresh === "off" ? false : 30_000);

/** Where notices go; for admins. `watched` is a test whose outcome is waited for. */
export const useChannels = (view: View, watched: string | null, enabled: boolean) =>
  useQuery({
    enabled,
    queryKey: ["channels"],
    queryFn: async ({ signal }) => (await call<ChannelList>("api-alerts/channels", { signal })).data,
    // A test is delivered within seconds.
    refetchInterval: ({ state }) => (isUnderWay(state.data, watched) ? 1_000 : interval(view)),
    retry: false,
    placeholderData: keepPreviousData,
  });

/** Whether nothing became of a test yet. */
export const isUnderWay = (channels: readonly Channel[] | undefined, test: string | null): boolean => {
  if (test === null) return false;
  const last = channels?.map((each) => each.last).find((each) => each?.noticeId === test);
  return last == null || (last.status === "pending" && last.error == null);
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
