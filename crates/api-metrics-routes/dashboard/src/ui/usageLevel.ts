/** The level of a usage bar: green below 60%, yellow up to 80%, red above. */
export type Level = "fine" | "some" | "bad";

export const levelOf = (percent: number): Level => (percent < 60 ? "fine" : percent <= 80 ? "some" : "bad");
