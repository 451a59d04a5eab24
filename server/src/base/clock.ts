/** Milliseconds since 1970. An argument wherever time decides something, so that a test can move it. */
export type Clock = () => number
