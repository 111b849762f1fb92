// The few browser globals that modules read when they are loaded. Import it before them.

const root = { dataset: { theme: "light" } as Record<string, string> };

Object.assign(globalThis, {
  window: {
    location: { hash: "#/overview", pathname: "/admin/", search: "" },
    addEventListener: () => undefined,
    matchMedia: () => ({ matches: false, addEventListener: () => undefined }),
    localStorage: { getItem: () => null, setItem: () => undefined, removeItem: () => undefined },
    history: { replaceState: () => undefined },
  },
  document: { documentElement: root },
  // A colour is its own name, so that a test can say which one is used.
  getComputedStyle: () => ({ getPropertyValue: (name: string) => name }),
});
