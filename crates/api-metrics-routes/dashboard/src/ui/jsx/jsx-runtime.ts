// What every element of the page is made by: no label of a stranger reaches the page without having passed here.
import * as react from "react/jsx-runtime";
import { plain } from "./plain";

export { Fragment, type JSX } from "react/jsx-runtime";

export const jsx: typeof react.jsx = (type, props, key) =>
  react.jsx(type, plain(type, props as Record<string, unknown>), key);

export const jsxs: typeof react.jsxs = (type, props, key) =>
  react.jsxs(type, plain(type, props as Record<string, unknown>), key);
