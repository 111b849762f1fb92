// The same for `npm run dev`.
import { jsx } from "./jsx-runtime";

export { Fragment, type JSX } from "./jsx-runtime";

export const jsxDEV = (...args: unknown[]) => jsx(...(args.slice(0, 3) as Parameters<typeof jsx>));
