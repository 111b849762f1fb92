import { setTheme, type Theme, useTheme } from "../ui/theme";

const NEXT: Readonly<Record<Theme, Theme>> = { auto: "light", light: "dark", dark: "auto" };
const SIGN: Readonly<Record<Theme, string>> = { auto: "◐", light: "☀", dark: "☾" };

export const ThemeButton = () => {
  const theme = useTheme();
  return (
    <button
      type="button"
      className="ghost icon"
      onClick={() => setTheme(NEXT[theme])}
      aria-label={`Theme: ${theme}. Switch to ${NEXT[theme]}`}
      title={`Theme: ${theme}`}
    >
      <span aria-hidden="true">{SIGN[theme]}</span>
    </button>
  );
};
