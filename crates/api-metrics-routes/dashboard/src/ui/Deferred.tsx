// Content below something whose height is not known yet. It loads at once and is shown when `ready`,
// so that it does not move on screen.
import type { ReactNode } from "react";

export const Deferred = ({ ready, children }: { ready: boolean; children: ReactNode }) => (
  <div className="deferred" data-ready={ready}>
    {children}
  </div>
);
