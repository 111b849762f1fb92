// A value once it has stood still for a while.
import { useEffect, useState } from "react";

export const useDebounced = <T>(value: T, ms: number): T => {
  const [calm, setCalm] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setCalm(value), ms);
    return () => window.clearTimeout(timer);
  }, [value, ms]);
  return calm;
};
