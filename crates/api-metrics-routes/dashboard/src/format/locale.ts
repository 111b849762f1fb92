// How numbers and dates are written: as the browser's user has chosen. Clocks always have 24 hours.

const known = (name: string | undefined): string => {
  try {
    return Intl.getCanonicalLocales(name)[0] ?? "en-GB";
  } catch {
    return "en-GB";
  }
};

/** The user's locale. Digits are Latin in all, because they stand beside units and codes. */
export const LOCALE = new Intl.Locale(known(globalThis.navigator?.language), { numberingSystem: "latn" }).toString();
