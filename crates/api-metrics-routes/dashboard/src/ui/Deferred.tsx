// What stands under something whose height is not known yet: it loads, but is shown only when it has
// its place, instead of jumping there.
import type { ReactNode } from "react";

export const Deferred = ({ ready, children }: { ready: boolean; children: ReactNode }) => (
  <div className="deferred" data-ready={ready}>
    {children}
  </div>
);
